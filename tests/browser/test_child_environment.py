"""What of the environment another program gets."""

from __future__ import annotations

import pytest

from toolkit.browser import child_environment
from toolkit.browser.child_environment import without_secrets
from toolkit.client.environment_session import variable_name
from toolkit.files import state_folder
from toolkit.gateway import access_key
from toolkit.stores import passphrase


def test_the_names_are_those_of_the_rooms_that_read_them() -> None:
    """They cannot be imported from there."""
    assert child_environment.KEY_VARIABLES == (passphrase.KEY_VARIABLE, access_key.KEY_VARIABLE)
    assert child_environment.STORE_VARIABLE == state_folder.STORE_VARIABLE
    assert variable_name("aura").startswith(child_environment.SESSION_PREFIX)


@pytest.mark.parametrize(
    "name", ["TOOLKIT_STORE_KEY", "TOOLKIT_SERVE_KEY", "TOOLKIT_SESSION_AURA", "TOOLKIT_SESSION_AURA_WORK"]
)
def test_what_is_nothing_but_secret_is_left_out(name: str) -> None:
    """Unless it is named; everything else stays as it is."""
    others = {"PATH": "/bin", "TOOLKIT_STATE_DIR": "/s", "EMAIL": "ada@example.com"}
    environ = {name: "s3cr3t", **others}
    assert without_secrets(environ) == others
    assert without_secrets(environ, [name]) == environ


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("HTTPS_PROXY", "http://ada:s3cr3t@proxy:1", "http://proxy:1"),
        ("http_proxy", "ada:s3cr3t@proxy:1", "proxy:1"),
        ("ALL_PROXY", "socks5://ada:s3c/r@t@proxy:1/", "socks5://proxy:1/"),
        ("TOOLKIT_PROXY", "http://s3cr3t@[::1]:1", "http://[::1]:1"),
        ("npm_config_proxy", "http://ada:s3cr3t@proxy:1", "http://proxy:1"),
        ("HTTPS_PROXY", "http://proxy:1", "http://proxy:1"),
        ("NO_PROXY", "a.example,.b", "a.example,.b"),
        ("TOOLKIT_STORE", "redis://:s3cr3t@host:6379/0", "redis://host:6379/0"),
        ("TOOLKIT_STORE", "rediss://host/0?password=s3cr3t", "rediss://host/0"),
        ("TOOLKIT_STORE", "redis://[s3cr3t", None),
        ("TOOLKIT_STORE", "file:/a/folder", "file:/a/folder"),
    ],
)
def test_an_address_loses_its_password(name: str, value: str, left: str | None) -> None:
    """And leads to the same place."""
    assert without_secrets({name: value}).get(name) == left
    assert without_secrets({name: value}, [name]) == {name: value}
