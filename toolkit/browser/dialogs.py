"""Who answers the dialogs of pages: `alert`, `confirm`, `prompt`, and the question whether to leave a page.

Playwright dismisses them where nobody listens, which is right where no person is.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from toolkit.browser.event_listening import listening
from toolkit.browser.visit_plan import VisitPlan


def dialogs_left_to_person(context: Any, plan: VisitPlan) -> AbstractContextManager[None]:
    """Return a context manager: within its block, where a person sits at the browser, they answer the dialogs of all
    pages of `context`."""
    if plan.tab:  # the person's own browser: its dialogs are theirs until the connection ends
        context.on("dialog", _leave)
    return listening(context, "dialog", _leave) if plan.person and not plan.tab else nullcontext()


def _leave(_: object) -> None:
    """Do nothing with a dialog: that there is a listener keeps Playwright from answering it."""
