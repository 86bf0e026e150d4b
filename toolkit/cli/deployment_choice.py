"""Chooses the deployment of a provider where the command line names none (`--base-url`).

The public site is chosen if there is one that works. A public site that has closed is never chosen by default.
"""

from __future__ import annotations

import logging
import os

from toolkit.cli.status_line import notify
from toolkit.cli.unreadable_session_collector import collect_unreadable
from toolkit.client.environment_session import find_deployment, variable_name
from toolkit.errors import StoreError, UsageError
from toolkit.providers.base import Provider
from toolkit.stores.base import Store
from toolkit.stores.choose import open_store

ONLY_DEPLOYMENT = "the only deployment that you have a session for"

log = logging.getLogger("toolkit")


async def resolve_base_url(kind: type[Provider], base_url: str | None, account: str | None, store: Store) -> str | None:
    """Returns the base URL to use; None means the public site.

    That is `base_url` if it is given, else the public site if it works, else the only deployment with a session in
    `store`, of `account` or, where that has none, of any account; a note then says which. Raises `UsageError` if there
    are several such deployments, and `StoreError` if sessions cannot be opened.
    """
    if base_url is not None or (kind.url and kind.working):
        return base_url
    return note_deployment(kind, await find_only_deployment(kind, account, store), ONLY_DEPLOYMENT)


async def resolve_call_base_url(
    kind: type[Provider], base_url: str | None, account: str, store: Store | str | None
) -> str | None:
    """Returns the base URL to use for a command that makes calls; None means the public site.

    Such commands use the session of an environment variable, if there is one and neither `base_url` nor `store` is
    given; its deployment is then chosen. Otherwise as `resolve_base_url`. Raises `SessionError` if what the variable
    holds is no session.
    """
    variable = variable_name(kind.name, account)
    secret = os.environ.get(variable)
    if base_url is None and store is None and secret:
        log.debug("the session of %s decides the deployment", variable)
        return note_deployment(kind, find_deployment(secret, variable, kind), f"which {variable} is for")
    opened = open_store(store) if store is None or isinstance(store, str) else store
    return await resolve_base_url(kind, base_url, account, opened)


async def find_only_deployment(kind: type[Provider], account: str | None, store: Store) -> str:
    """Returns the origin of the only deployment with a session in `store`, or an empty text if there is none.

    Only sessions of `account` count, or all if that is None or has none. Raises `UsageError` if there are several
    deployments, and `StoreError` if there are sessions but none of this provider can be opened.
    """
    with collect_unreadable() as failures:
        keys = [key for key in await store.sessions() if key.provider == kind.name]
    if failures and not keys:
        raise StoreError(
            "The deployment is not known, since not every stored session can be opened.",
            provider=kind.name,
            hint="Name it with --base-url, or see the notes above.",
        )
    of_account = [key for key in keys if account in (None, key.account)]
    origins = sorted({key.origin for key in of_account or keys})
    log.debug("%s has stored sessions for %s", kind.name, ", ".join(origins) or "no deployment")
    if len(origins) > 1:
        raise UsageError(
            f"You have sessions for several deployments: {', '.join(origins)}.",
            provider=kind.name,
            hint="Name one with --base-url.",
        )
    return origins[0] if origins else ""


def note_deployment(kind: type[Provider], origin: str, reason: str) -> str | None:
    """Returns `origin` as base URL, after a note that names it and the `reason`.

    Where it is empty or the public site, there is no note, and None is returned.
    """
    if origin in ("", kind.public_site()):
        return None
    notify(f"note: at {origin}, {reason}")
    return origin
