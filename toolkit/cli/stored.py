"""The stored session that a command line names."""

from __future__ import annotations

from toolkit import providers
from toolkit.cli.deployment import deployment
from toolkit.cli.notes import note_variables
from toolkit.cli.options import Which
from toolkit.errors import LoginRequired
from toolkit.providers.base import Provider, read_base_url
from toolkit.session import BrowserSession
from toolkit.stores import Key, Store
from toolkit.stores.choose import open_store


class Stored:
    """The place of the session of `provider` and `account` in `store`."""

    def __init__(self, provider: Provider, account: str | None, store: Store) -> None:
        self.provider, self.store = provider, store
        self.key = Key(provider.name, provider.site, account or "default")

    @classmethod
    async def of(cls, name: str, which: Which) -> Stored:
        """The one that is meant by `name` and `which`. Raises `UnknownProvider` and `UsageError`."""
        kind, store = providers.find(name), open_store(which.store)
        note_variables([kind.name], stored=True)
        return cls(kind(await deployment(kind, which.base_url, which.account, store)), which.account, store)

    async def session(self) -> BrowserSession:
        """The session that is there. Raises `LoginRequired`, with the command to run, where there is none."""
        session = await self.store.load(self.key)
        if session is None:
            account = self.key.account
            command = "login" if self.provider.harvest.tells_login else "harvest"
            raise LoginRequired(
                f"There is no session for {self.key.origin}{f', account {account}' if account != 'default' else ''}.",
                provider=self.key.provider,
                hint=f"Get one with `toolkit {command} {self.named}`; `toolkit session list` shows which there are.",
            )
        return session

    @property
    def named(self) -> str:
        """The provider and the options that a command line names it by."""
        base_url, account = self.provider.base_url, self.key.account
        where = f" --base-url {base_url}" if base_url else ""
        return self.key.provider + where + (f" --account {account}" if account != "default" else "")


async def all_stored(which: Which) -> dict[Key, BrowserSession]:
    """The sessions of every provider, of the account and deployment that are named, in order."""
    site = read_base_url(which.base_url) if which.base_url else None
    note_variables()
    kept = await open_store(which.store).sessions()
    return {
        key: kept[key] for key in sorted(kept) if which.account in (None, key.account) and site in (None, key.origin)
    }
