"""Which deployment a command line means that names none. The public sites that are closed are nobody's."""

from __future__ import annotations

import os

from toolkit.cli.terminal import notify
from toolkit.cli.unreadable import collect_unreadable
from toolkit.client.environment_session import read_variable, variable_name
from toolkit.errors import StoreError, UsageError
from toolkit.providers.base import Provider
from toolkit.stores.base import Store
from toolkit.stores.choose import open_store


async def resolve_base_url(kind: type[Provider], base_url: str | None, account: str | None, store: Store) -> str | None:
    """`base_url`; where that is None and `kind` has no public site that works, the only deployment that `store` has a
    session for, of `account` or else of any, and a note says so. None is the public site.

    Raises `UsageError` where there are several.
    """
    if base_url is not None or (kind.url and kind.working):
        return base_url
    return note_site(kind, await only_site(kind, account, store), "the only deployment that you have a session for")


async def resolve_call_base_url(
    kind: type[Provider], base_url: str | None, account: str, store: Store | str | None
) -> str | None:
    """The same for commands that make calls: where no `store` is named, the session that the environment holds comes
    before all that is kept. Raises `SessionError` where that is none."""
    name = variable_name(kind.name, account)
    secret = os.environ.get(name)
    if base_url is not None or store is not None or not secret:
        kept = open_store(store) if store is None or isinstance(store, str) else store
        return await resolve_base_url(kind, base_url, account, kept)
    return note_site(kind, read_variable(secret, name, kind.name).origin, f"which {name} is for")


async def only_site(kind: type[Provider], account: str | None, store: Store) -> str:
    """The one deployment of `kind` that `store` has a session for, of `account` or else of any; "" where there is none.
    Raises `UsageError` where there are several, `StoreError` where that cannot be told."""
    with collect_unreadable() as failures:
        keys = [key for key in await store.sessions() if key.provider == kind.name]
    if failures and not keys:
        raise StoreError(
            "The deployment is not known, since not every stored session can be opened.",
            provider=kind.name,
            hint="Name it with --base-url, or see the notes above.",
        )
    sites = sorted({key.origin for key in [key for key in keys if account in (None, key.account)] or keys})
    if len(sites) > 1:
        raise UsageError(
            f"You have sessions for several deployments: {', '.join(sites)}.",
            provider=kind.name,
            hint="Name one with --base-url.",
        )
    return sites[0] if sites else ""


def note_site(kind: type[Provider], site: str, why: str) -> str | None:
    """`site` as base URL, None where that is the public one or there is none; a note says which, and `why`."""
    if site in ("", kind.public_site()):
        return None
    notify(f"note: at {site}, {why}")
    return site
