"""Which gate stands in front of a site, by browsers.json; and secrets that are named there, not written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend

from toolkit.browser.browsers_file import load_profiles
from toolkit.browser.child_environment import without_secrets
from toolkit.browser.gates import find_gate
from toolkit.browser.profiles import Credentials, Profile
from toolkit.errors import ConfigError

SITE = "https://chat.example.org"


def written(folder: Path, **content: Any) -> Path:
    file = folder / "browsers.json"
    file.write_text(json.dumps({"default": "plain", "profiles": {"plain": {}}, **content}), encoding="utf-8")
    return file


def test_a_deployment_adds_to_the_profile_and_comes_first(tmp_path: Path) -> None:
    """Its headers join those of the profile, by their names in any case; it counts at its own origin only."""
    file = written(
        tmp_path,
        profiles={"plain": {"extra_http_headers": {"X-A": "profile", "X-B": "profile"}, "session_hosts": ["a.test"]}},
        deployments={
            f"{SITE}:443/chat": {"extra_http_headers": {"x-a": "site"}, "session_hosts": ["sso.test"]},
        },
    )
    gate = find_gate(f"{SITE}/chat", None, file)
    assert gate.headers == {"x-a": "site", "x-b": "profile"}
    assert gate.session_hosts == ("a.test", "sso.test")
    assert find_gate("https://other.example.org", None, file).headers == {"x-a": "profile", "x-b": "profile"}


def test_the_profile_of_the_session_counts_where_none_is_named(tmp_path: Path) -> None:
    """As for its renewal; one that the file has no more is the default."""
    file = written(tmp_path, profiles={"plain": {}, "gate": {"extra_http_headers": {"x-a": "1"}}})
    assert find_gate(SITE, None, file, previous="gate").headers == {"x-a": "1"}
    assert find_gate(SITE, "plain", file, previous="gate").headers == {}
    assert find_gate(SITE, None, file, previous="gone").headers == {}


def test_a_login_for_another_origin_is_for_that_one_only() -> None:
    """As Playwright's option says it."""
    login = Credentials(username="u", password="p", origin=SITE)
    assert find_gate(f"{SITE}/x", Profile(http_credentials=login)).login == ("u", "p")
    assert find_gate("https://other.example.org", Profile(http_credentials=login)).login is None


def test_files_are_found_from_wherever_the_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative to browsers.json; one that is missing is told with its path."""
    file = written(tmp_path, profiles={"plain": {"ca_file": "own/roots.pem"}})
    with pytest.raises(ConfigError, match=r"own/roots\.pem cannot be read: No such file"):
        find_gate(SITE, None, file)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "roots.pem").write_bytes(b"PEM")
    monkeypatch.chdir("/")
    assert find_gate(SITE, None, file).ca_pem == b"PEM"


@pytest.mark.parametrize("place", ["chat.example.org", "ftp://chat.example.org", ""])
def test_a_deployment_is_named_by_its_address(tmp_path: Path, place: str) -> None:
    with pytest.raises(ConfigError, match="expected an address such as"):
        load_profiles(written(tmp_path, deployments={place: {}}))


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_a_secret_of_the_environment_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked up where it is used, so profiles that nobody uses need none; and no child process gets it."""
    names = {"GATE_ID": "the-id", "GATE_PASSWORD": "the-password"}
    login = {"username": "ann", "password": "env:GATE_PASSWORD"}
    file = written(
        tmp_path,
        profiles={"plain": {}, "gate": {"http_credentials": login}},
        deployments={SITE: {"extra_http_headers": {"x-id": "env:GATE_ID"}}},
    )
    assert load_profiles(file).get("plain") == Profile()
    for missing in names:
        with pytest.raises(ConfigError, match=rf"browsers\.json: \$\.\S+ is the environment variable {missing}, which"):
            find_gate(SITE, "gate" if missing == "GATE_PASSWORD" else None, file)
        monkeypatch.setenv(missing, names[missing])
    gate = find_gate(SITE, "gate", file)
    assert (gate.headers, gate.login) == ({"x-id": "the-id"}, ("ann", "the-password"))
    assert not set(names) & set(without_secrets(os.environ))


class Entries(KeyringBackend):
    """A keyring with one entry."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return "kept" if (service, username) == ("my/gate", "ann") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


def test_a_secret_of_the_keyring_is_named(tmp_path: Path) -> None:
    """By service and user; one that is not there is told, with how to put it there."""
    before = keyring.get_keyring()
    keyring.set_keyring(Entries())  # type: ignore[no-untyped-call]
    try:
        file = written(tmp_path, deployments={SITE: {"extra_http_headers": {"x-id": "keyring:my/gate/ann"}}})
        assert find_gate(SITE, None, file).headers == {"x-id": "kept"}
        file = written(tmp_path, deployments={SITE: {"extra_http_headers": {"x-id": "keyring:gate/bob"}}})
        with pytest.raises(ConfigError, match="keyring set gate bob"):
            find_gate(SITE, None, file)
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize(
    ("where", "fields"),
    [
        ("http_credentials.password", {"http_credentials": {"username": "ann", "password": "planted"}}),
        ("extra_http_headers.X-Api-Key", {"extra_http_headers": {"X-Plain": "1", "X-Api-Key": "planted"}}),
        ("extra_http_headers.X-Gate", {"extra_http_headers": {"X-Gate": "planted-service-1"}}),
        (
            "client_certificates[0].passphrase",
            {"client_certificates": [{"origin": SITE, "cert_path": "a", "key_path": "b", "passphrase": "planted"}]},
        ),
    ],
)
def test_a_secret_as_text_is_refused(tmp_path: Path, where: str, fields: dict[str, Any]) -> None:
    """Of a site and of a profile, used or not; the error names the place and how to name the secret, and not what it
    is. Headers that are no secrets, by their names and values, may be text."""
    for content, place in (
        ({"deployments": {SITE: fields}}, f"$.deployments.{SITE}"),
        ({"profiles": {"plain": {}, "unused": fields}}, "$.profiles.unused"),
    ):
        with pytest.raises(ConfigError, match=r"is a secret as text\. Write `env:NAME`") as caught:
            load_profiles(written(tmp_path, **content))
        assert f"{place}.{where}" in str(caught.value)
        assert "planted" not in str(caught.value)


def test_a_file_may_have_deployments_alone(tmp_path: Path) -> None:
    """Then the profiles are those of the package; and a file of one profile needs not say that it is the default."""
    file = tmp_path / "browsers.json"
    file.write_text(json.dumps({"deployments": {SITE: {"extra_http_headers": {"x-a": "1"}}}}), encoding="utf-8")
    assert find_gate(SITE, None, file).headers == {"x-a": "1"}
    assert "headed" in load_profiles(file)
    file.write_text(json.dumps({"profiles": {"mine": {"locale": "de-DE"}}}), encoding="utf-8")
    assert load_profiles(file).get().locale == "de-DE"
