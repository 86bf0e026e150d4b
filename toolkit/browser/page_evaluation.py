"""Calls a JavaScript function in a page, within a time limit."""

from __future__ import annotations

import json
from typing import Any

from toolkit.browser.sync_async_runners import Limited, Steps


def evaluate_json(frame: Any, function: str, argument: Any, timeout: float) -> Steps[Any]:
    """Call a JavaScript `function` that returns JSON in a page or frame, and return the decoded value, None for none.

    Raises Playwright's `TimeoutError` after `timeout` ms, which `evaluate` does not have: a page's script may never
    end. What is no JSON is None too, since a page can replace the functions that make it.
    """
    handle = yield Limited(frame.wait_for_function(function, arg=argument, timeout=timeout), timeout)
    text = yield handle.json_value()  # known already, since it is no object of the page
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None
