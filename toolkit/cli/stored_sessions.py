"""Finds the stored sessions that the command line names."""

from __future__ import annotations

from toolkit.cli.deployment_choice import note_deployment, resolve_base_url
from toolkit.cli.options import SessionOptions
from toolkit.cli.session_location_notes import note_environment_sessions
from toolkit.client.hints import other_accounts_hint
from toolkit.client.site_discovery import known_site, other_accounts
from toolkit.errors import LoginRequired
from toolkit.providers import registry
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession
from toolkit.session.site_address import normalize_base_url
from toolkit.stores.base import Key, Store
from toolkit.stores.choose import open_store


class StoredSession:
    """The place in `store` for the session of `provider` and `account`, whether or not there is a session."""

    def __init__(self, provider: Provider, account: str | None, store: Store) -> None:
        self.provider, self.store = provider, store
        self.key = Key(provider.name, provider.site, account or "default")

    @classmethod
    async def find(cls, provider: str, options: SessionOptions) -> StoredSession:
        """Returns the place that the name `provider` and the options mean.

        Notes which environment variables hold another session of that provider. Raises `UnknownProvider`, and
        `UsageError` if the store or the deployment cannot be told.
        """
        kind, store = registry.find(provider), open_store(options.store)
        note_environment_sessions([kind.name], stored=True)
        place = cls(
            kind(await resolve_base_url(kind, options.base_url, options.account, store)), options.account, store
        )
        if options.base_url and await store.load(place.key) is None:
            site = known_site(place.key, await store.sessions())
            if site is not None and note_deployment(kind, site, "where the session is for"):
                place.provider.move_to(site)
                place.key = place.key._replace(origin=site)
        return place

    async def load(self) -> BrowserSession:
        """Returns the stored session. Raises `LoginRequired`, with the command that makes one, or the account that has
        one, if there is none."""
        session = await self.store.load(self.key)
        if session is None:
            account = self.key.account
            command = "login" if self.provider.harvest.can_detect_login else "harvest"
            others = await self.others_hint()
            raise LoginRequired(
                f"There is no session for {self.key.origin}{f', account {account}' if account != 'default' else ''}.",
                provider=self.key.provider,
                hint=f"Get one with `toolkit {command} {self.cli_args}`; "
                + (others or "`toolkit session list` shows which there are."),
            )
        return session

    async def others_hint(self) -> str:
        """The sentence that names the accounts which have a session there; empty where this one has, or none has."""
        return other_accounts_hint(other_accounts(self.key, await self.store.sessions()))

    @property
    def cli_args(self) -> str:
        """The arguments that name this session on a command line: the provider, and the options where needed."""
        base_url, account = self.provider.base_url, self.key.account
        base_url_option = f" --base-url {base_url}" if base_url else ""
        account_option = f" --account {account}" if account != "default" else ""
        return self.key.provider + base_url_option + account_option


async def load_sessions(options: SessionOptions) -> dict[Key, BrowserSession]:
    """Returns the stored sessions of all providers in the order of their keys, of those that the options name."""
    origin = normalize_base_url(options.base_url) if options.base_url else None
    note_environment_sessions()
    sessions = await open_store(options.store).sessions()
    return {
        key: sessions[key]
        for key in sorted(sessions)
        if options.account in (None, key.account) and origin in (None, key.origin)
    }


async def accounts_hint(options: SessionOptions) -> str:
    """The sentence that names the accounts that have sessions, for options that name one which has none; else empty."""
    if options.account is None:
        return ""
    origin = normalize_base_url(options.base_url) if options.base_url else None
    keys = [key for key in await open_store(options.store).sessions() if origin in (None, key.origin)]
    return other_accounts_hint(sorted({key.account for key in keys} - {options.account}))
