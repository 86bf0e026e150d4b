"""Checks what a caller gives as a Playwright browser context."""

from __future__ import annotations

from playwright.async_api import BrowserContext as AsyncContext
from playwright.sync_api import BrowserContext as SyncContext

from toolkit.errors import ContextTypeError


def check_context(context: object) -> None:
    """Raise `ContextTypeError` unless `context` is a Playwright browser context, of either API."""
    if not isinstance(context, AsyncContext | SyncContext):
        raise ContextTypeError(
            f"A Playwright BrowserContext is needed, not {type_name(context)}.",
            hint="A Selenium driver is not taken any more; make a context with `browser.new_context()`.",
        )


def is_sync(context: object) -> bool:
    """Whether `context` is of Playwright's sync API. Only the thread that made it may use it."""
    return isinstance(context, SyncContext)


def type_name(value: object) -> str:
    """The full name of the type of `value`, for an error."""
    return f"{type(value).__module__}.{type(value).__qualname__}"
