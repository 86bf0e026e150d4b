"""An HTTP error status has its class of error."""

from __future__ import annotations

import pytest

from toolkit.errors import BadRequest, LoginRequired, RateLimited, ServiceUnavailable, ToolkitError
from toolkit.http.status_errors import error_class


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (401, LoginRequired), (403, BadRequest), (404, BadRequest), (422, BadRequest),
     (429, RateLimited), (500, ServiceUnavailable), (503, ServiceUnavailable), (599, ServiceUnavailable)],
)  # fmt: skip
def test_a_status_has_its_kind(status: int, kind: type[ToolkitError]) -> None:
    """A provider may know better."""
    assert error_class(status) is kind
    assert error_class(status, {status: LoginRequired}) is LoginRequired
