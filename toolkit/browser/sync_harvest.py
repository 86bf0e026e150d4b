"""Harvests a session in a context of Playwright's sync API, such as that of pytest-playwright."""

from __future__ import annotations

import math

import msgspec
from playwright.sync_api import BrowserContext as SyncContext

from toolkit.browser.browsers_file import choose_profile
from toolkit.browser.context_check import check_context
from toolkit.browser.failure_capture import FailureCapture
from toolkit.browser.harvest import harvest_steps
from toolkit.browser.page_errors import playwright_errors
from toolkit.browser.profiles import Profile
from toolkit.browser.sync_async_runners import GRACE_SECONDS, STEP_SECONDS, run_sync
from toolkit.browser.visit_plan import VisitPlan, plan_visit
from toolkit.errors import ContextTypeError
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals
from toolkit.session.recipe import Site


@forgetting_locals
def harvest_sync(
    context: SyncContext,
    site: Site,
    *,
    account: str = "default",
    profile: str | Profile | None = None,
    capture: FailureCapture | None = None,
) -> BrowserSession:
    """Visit `site` in a context of Playwright's sync API, and return the session. The context stays open.

    `profile` gives the time limits. `capture` says what to keep of a visit that fails. Raises what
    `SessionManager.harvest` raises, and `ContextTypeError` for anything but such a context.
    """
    check_context(context)
    if not isinstance(context, SyncContext):
        raise ContextTypeError("That context is of Playwright's async API.", hint="Use `SessionManager` for it.")
    name, chosen = choose_profile(profile)
    plan = plan_visit(site, chosen, profile_name=name, account=account)
    with playwright_errors(plan.url, plan.provider):
        return run_sync(harvest_steps(context, msgspec.structs.replace(plan, capture=capture)), _call_seconds(plan))


def _call_seconds(plan: VisitPlan) -> float:
    """The longest that one call of the visit may take, in seconds."""
    limits = (plan.navigation_ms, plan.ready_ms)
    return max(STEP_SECONDS, max(limits) / 1000 + GRACE_SECONDS) if all(limits) else math.inf
