"""The stored session that a command line names."""

from __future__ import annotations

from toolkit.cli.deployment import resolve_base_url
from toolkit.cli.notes import note_environment_sessions
from toolkit.cli.options import SessionOptions
from toolkit.errors import LoginRequired
from toolkit.providers import registry
from toolkit.providers.base import Provider, normalize_base_url
from toolkit.session.value import BrowserSession
from toolkit.stores.base import Key, Store
from toolkit.stores.choose import open_store


class StoredSession:
    """The place of the session of `provider` and `account` in `store`."""

    def __init__(self, provider: Provider, account: str | None, store: Store) -> None:
        self.provider, self.store = provider, store
        self.key = Key(provider.name, provider.site, account or "default")

    @classmethod
    async def find(cls, name: str, options: SessionOptions) -> StoredSession:
        """The one that is meant by `name` and `options`. Raises `UnknownProvider` and `UsageError`."""
        kind, store = registry.find(name), open_store(options.store)
        note_environment_sessions([kind.name], stored=True)
        return cls(kind(await resolve_base_url(kind, options.base_url, options.account, store)), options.account, store)

    async def load(self) -> BrowserSession:
        """The session that is there. Raises `LoginRequired`, with the command to run, where there is none."""
        session = await self.store.load(self.key)
        if session is None:
            account = self.key.account
            command = "login" if self.provider.harvest.can_detect_login else "harvest"
            raise LoginRequired(
                f"There is no session for {self.key.origin}{f', account {account}' if account != 'default' else ''}.",
                provider=self.key.provider,
                hint=f"Get one with `toolkit {command} {self.cli_args}`; `toolkit session list` shows which there are.",
            )
        return session

    @property
    def cli_args(self) -> str:
        """The provider and the options that a command line names it by."""
        base_url, account = self.provider.base_url, self.key.account
        where = f" --base-url {base_url}" if base_url else ""
        return self.key.provider + where + (f" --account {account}" if account != "default" else "")


async def load_sessions(options: SessionOptions) -> dict[Key, BrowserSession]:
    """The sessions of every provider, of the account and deployment that are named, in order."""
    site = normalize_base_url(options.base_url) if options.base_url else None
    note_environment_sessions()
    kept = await open_store(options.store).sessions()
    return {
        key: kept[key] for key in sorted(kept) if options.account in (None, key.account) and site in (None, key.origin)
    }
