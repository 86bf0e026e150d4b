"""The address of a site as people write it, and as the site itself has it."""

from __future__ import annotations

import pytest

from toolkit.errors import UsageError
from toolkit.providers.registry import find
from toolkit.session.site_address import is_same_site_otherwise_written, moved_site, normalize_base_url


@pytest.mark.parametrize(
    ("typed", "site"),
    [
        ("https://münchen.example.org", "https://xn--mnchen-3ya.example.org"),
        ("https://MÜNCHEN.example.org/", "https://xn--mnchen-3ya.example.org"),
        ("https://straße.example.org", "https://xn--strae-oqa.example.org"),  # UTS #46, as browsers: not "strasse"
        ("HTTPS://Chat.Example.ORG:443/", "https://chat.example.org"),
        ("https://chat.example.org.", "https://chat.example.org"),
        ("https://chat.example.org.:8443/webui/", "https://chat.example.org:8443/webui"),
        (" https://chat.example.org ", "https://chat.example.org"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://a_b.example.org", "https://a_b.example.org"),
    ],
)
def test_one_address_results_however_it_is_written(typed: str, site: str) -> None:
    assert normalize_base_url(typed) == site


@pytest.mark.parametrize(
    "typed", ["chat.example.org", "https://", "https://a.test/?x", "https://a.test/#x", "ftp://a.test"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="not the address of a site"):
        normalize_base_url(typed)


def test_a_login_in_the_address_is_refused_with_where_to_tell_it() -> None:
    with pytest.raises(UsageError, match="`http_credentials`") as refused:
        normalize_base_url("https://ann:planted@chat.example.org")
    assert "planted" not in str(refused.value)


@pytest.mark.parametrize(
    ("provider", "typed"),
    [
        ("openwebui", "https://chat.example.org/c/0a1b-2c?q=1"),
        ("openwebui", "https://chat.example.org/auth?redirect=%2F#x"),
        ("openwebui", "https://chat.example.org/?models=m1"),
        ("openassistant", "https://chat.example.org/chat/"),
        ("openassistant", "https://chat.example.org/chat/0a1b"),
    ],
)
def test_a_page_of_the_site_stands_for_the_site(provider: str, typed: str) -> None:
    """As people copy it from the address bar."""
    assert find(provider)(typed).site == "https://chat.example.org"


def test_a_path_that_is_no_page_of_the_software_stays() -> None:
    """There a deployment may live."""
    assert find("openwebui")("https://example.org/chats/").site == "https://example.org/chats"
    assert find("gradio")("https://example.org/chat").site == "https://example.org/chat"


MOVES = [
    (301, "http://a.test/", "https://a.test/", "https://a.test"),
    (302, "http://a.test/", "https://a.test/login", "https://a.test"),
    (307, "http://a.test/", "https://a.test:8443/", "https://a.test:8443"),
    (301, "https://a.test/", "https://b.test/", "https://b.test"),
    (308, "https://a.test/", "https://b.test", "https://b.test"),
    (302, "https://a.test/", "https://www.a.test/", "https://www.a.test"),
    (302, "https://www.a.test/", "https://a.test/", "https://a.test"),
    (302, "https://a.test/", "https://b.test/", None),  # for now, and to anybody
    (301, "https://a.test/", "https://sso.test/login?next=/", None),
    (302, "https://a.test/", "https://a.test/auth", None),
    (301, "https://a.test/", "http://a.test/", None),
    (301, "https://a.test/", "mailto:x@a.test", None),
]


@pytest.mark.parametrize(("status", "asked", "location", "site"), MOVES)
def test_a_redirect_of_the_whole_site_tells_its_address(
    status: int, asked: str, location: str, site: str | None
) -> None:
    """To TLS, for good, or over a `www.`; the way to a login does not, and nothing leads away from TLS."""
    assert moved_site(asked.rstrip("/"), status, asked, location) == site


def test_scheme_and_www_are_ways_to_write_it() -> None:
    assert is_same_site_otherwise_written("http://www.a.test", "https://a.test:443/")
    assert not is_same_site_otherwise_written("https://a.test:8443", "https://a.test")
    assert not is_same_site_otherwise_written("https://a.test/x", "https://a.test")
