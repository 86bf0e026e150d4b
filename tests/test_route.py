"""How traffic leaves: what a route takes from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.errors import UsageError
from toolkit.route import Route

PROXY = "http://ada:sesame@127.0.0.1:8080"


def test_an_environment_without_a_proxy_tells_no_route() -> None:
    """Without `TOOLKIT_PROXY` there is none, whatever other programs are told."""
    environ = {"HTTPS_PROXY": PROXY, "TOOLKIT_CA_FILE": "absent.pem", "TOOLKIT_PROXY": ""}
    assert Route.of_environment(environ) is None


def test_an_environment_tells_proxy_and_root(tmp_path: Path) -> None:
    """The proxy, and the root with its key where there is one; the repr shows no password."""
    file = tmp_path / "root.pem"
    file.write_bytes(b"PEM")
    environ = {"TOOLKIT_PROXY": PROXY, "TOOLKIT_CA_FILE": str(file), "TOOLKIT_CA_SPKI": "c3BraQ=="}
    route = Route.of_environment(environ)
    assert route == Route(proxy=PROXY, ca_pem=b"PEM", spki="c3BraQ==")
    assert "sesame" not in repr(route)
    assert Route.of_environment({"TOOLKIT_PROXY": PROXY}) == Route(proxy=PROXY)


@pytest.mark.parametrize("changed", [{"TOOLKIT_PROXY": "nonsense"}, {"TOOLKIT_CA_FILE": "absent.pem"}])
def test_an_environment_that_cannot_be_used_is_told(changed: dict[str, str]) -> None:
    """No URL of a proxy, or a file that is not there, is a usage error."""
    with pytest.raises(UsageError):
        Route.of_environment({"TOOLKIT_PROXY": PROXY} | changed)
