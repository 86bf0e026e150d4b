"""Harvests in a browser context of Playwright's sync API, such as the one of pytest-playwright.

Such a context can be used only in the thread that made it, so the visit happens in the call itself, before any client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.client import failed_visit_files
from toolkit.client.client import Client
from toolkit.providers import registry
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext as SyncContext

    from toolkit.browser.profiles import Profile


@forgetting_locals
def harvest_in(
    context: SyncContext,
    provider: str | type[Provider] | Provider,
    *,
    base_url: str | None = None,
    account: str = "default",
    profile: str | Profile | None = None,
) -> BrowserSession:
    """Visit a provider in a `context` of Playwright's sync API, and return the session for `Client(session=...)`.

    `provider`, `base_url`, `account` and `profile` are as for `Client`. Raises what `SessionManager.harvest` raises,
    and `ContextTypeError` for anything but such a context.
    """
    from toolkit.browser.sync_harvest import harvest_sync

    kind = registry.find(provider) if isinstance(provider, str) else provider
    instance = kind(base_url) if isinstance(kind, type) else kind
    return harvest_sync(
        context, instance, account=account, profile=profile, capture=failed_visit_files.capture_options()
    )


def harvest_sync_context(provider: str | type[Provider] | Provider, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the `arguments` for `Client`. If their `context` is one of Playwright's sync API, the provider is visited
    in it now, in the calling thread, and the session takes its place. Raises what `Client` and `harvest_in` raise."""
    context = arguments.get("context")
    if context is None:
        return arguments
    from toolkit.browser.context_check import is_sync
    from toolkit.browser.sync_harvest import harvest_sync

    client = Client(provider, **arguments)
    if not is_sync(context):
        return arguments
    session = harvest_sync(
        context, client.provider, account=client.key.account, capture=failed_visit_files.capture_options()
    )
    return {**arguments, "context": None, "session": session}
