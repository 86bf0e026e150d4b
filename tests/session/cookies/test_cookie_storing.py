"""The laws of `merge_set_cookies`, without a browser. The long list of odd headers is in `test_chromium_stores.py`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from toolkit.session.browser_session import Cookie
from toolkit.session.cookie_storing import merge_set_cookies

NOW = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC
URL = "https://shop.example.com/a/b"


def merged(*lines: str, jar: tuple[Cookie, ...] = (), url: str = URL, page: str = URL) -> tuple[Cookie, ...]:
    return merge_set_cookies(jar, url, lines, page=page, now=NOW)


def test_a_bare_cookie_is_a_session_cookie_of_its_host_and_folder() -> None:
    """Without attributes, a cookie is host-only, Lax, of the default path, and for the session."""
    assert merged("a=1") == (Cookie(name="a", value="1", domain="shop.example.com", path="/a"),)


def test_every_attribute_is_read() -> None:
    """All attributes at once arrive in the cookie."""
    line = "a=1; Domain=example.com; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=None; Partitioned; Priority=High"
    assert merged(line, page="https://www.other.test/") == (
        Cookie(
            name="a",
            value="1",
            domain="example.com",
            host_only=False,
            expires=NOW + 60,
            http_only=True,
            secure=True,
            same_site="None",
            partition_key="https://other.test",
            cross_site_ancestor=True,
        ),
    )


@pytest.mark.parametrize(
    ("attributes", "expires"),
    [
        ("Max-Age=60", NOW + 60),
        ("Max-Age=60; Expires=Fri, 15 Jan 2027 09:00:00 GMT", NOW + 60),
        ("Expires=Fri, 15 Jan 2027 09:00:00 GMT", NOW + 3600),
        ("Expires=Friday, 15-January-27 09:00:00 GMT", NOW + 3600),
        ("Expires=9:00:00 15 jan 27", NOW + 3600),
        ("Expires=15 Jan 2027 9:00:00 2028 30 Feb 10:00:00", NOW + 3600),
        ("Max-Age=soon; Expires=Fri, 15 Jan 2027 09:00:00 GMT", NOW + 3600),
        ("Max-Age=34560001", NOW + 34560000),
        ("Expires=Fri, 31 Dec 9999 23:59:59 GMT", NOW + 34560000),
        ("Expires=Fri, 31 Dec 99999 23:59:59 GMT", NOW + 34560000),
        ("Expires=Sun, 30 Feb 2027 09:00:00 GMT", None),
        ("Expires=tomorrow", None),
        ("", None),
    ],
)
def test_expiry_is_max_age_then_expires_and_at_most_400_days(attributes: str, expires: float | None) -> None:
    """Max-Age beats Expires, an unreadable one does not count, and nothing outlives 400 days."""
    (cookie,) = merged(f"a=1; {attributes}")
    assert cookie.expires == expires


@pytest.mark.parametrize(
    "age", ["Max-Age=0", "Max-Age=-5", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Expires=1 Jan 70 0:0:0"]
)
def test_an_expiry_in_the_past_deletes(age: str) -> None:
    """A past expiry takes the cookie of that identity out, and no other."""
    jar = merged("a=1", "a=2; Path=/", "a=3; Domain=example.com", "b=4")
    assert [cookie.value for cookie in merged(f"a=; {age}", jar=jar)] == ["2", "3", "4"]
    assert merged(f"new=1; {age}") == ()


def test_a_cookie_set_again_keeps_its_place_only_with_its_value() -> None:
    """The same value keeps the time of creation, another value is a new cookie: Chromium's rule, not the RFC's."""
    jar = merged("a=1", "b=1", "c=1")
    assert [cookie.name for cookie in merged("a=1; HttpOnly", jar=jar)] == ["a", "b", "c"]
    assert merged("a=1; HttpOnly", jar=jar)[0].http_only
    assert [cookie.name for cookie in merged("a=2", jar=jar)] == ["b", "c", "a"]


def test_a_site_has_180_cookies_at_most() -> None:
    """The oldest of its registrable domain go; those of other sites stay."""
    jar = merged("other=1; SameSite=None; Secure", url="https://other.test/")
    for number in range(200):
        jar = merged(f"a{number}=1", jar=jar, url=f"https://{number % 3}.example.com/", page="https://example.com/")
    assert [cookie.name for cookie in jar] == ["other", *(f"a{number}" for number in range(20, 200))]


@pytest.mark.parametrize(
    "line",
    [
        *("", "=", ";", "=a=b", "=__Host-a", "a=\x00", "a=b\tc", "a=1; x=\x7f"),
        *(
            f"{'n' * 2000}={'v' * 2097}",
            "a=1; Domain=com",
            "a=1; Domain=other.test",
            "a=1; Domain=api.shop.example.com",
        ),
        *("a=1; SameSite=None", "a=1; Partitioned", "__Secure-a=1", "__Host-a=1; Secure", "__Host-a=1; Path=/"),
        *("__Host-a=1; Secure; Path=/; Domain=shop.example.com", "__Http-a=1; Secure"),
    ],
)
def test_an_unusable_cookie_changes_nothing(line: str) -> None:
    """What a browser would not take is passed over, and the others of the same answer are not."""
    jar = merged("a=old")
    assert merged(line, jar=jar) == jar
    assert [cookie.value for cookie in merged("x=1", line, "y=2", jar=jar)] == ["old", "1", "2"]


@pytest.mark.parametrize(
    ("url", "domain", "stored"),
    [
        ("https://shop.example.co.uk/", "co.uk", None),
        ("https://shop.example.co.uk/", "example.co.uk", ("example.co.uk", False)),
        ("https://alice.github.io/", "github.io", None),
        ("https://github.io/", "github.io", ("github.io", True)),
        ("http://127.0.0.1/", ".127.0.0.1", ("127.0.0.1", True)),
        ("http://127.0.0.1/", "0.0.1", None),
        ("http://[::1]/", "[::1]", ("[::1]", True)),
        ("http://localhost/", "localhost", ("localhost", True)),
        ("http://app.localhost/", "localhost", None),
    ],
)
def test_a_domain_is_never_wider_than_a_site(url: str, domain: str, stored: tuple[str, bool] | None) -> None:
    """Public suffixes, addresses and single labels get at most a host-only cookie for themselves."""
    jar = merged(f"a=1; Domain={domain}", url=url, page=url)
    assert [(cookie.domain, cookie.host_only) for cookie in jar] == ([stored] if stored else [])


def test_a_cross_site_answer_only_sets_samesite_none() -> None:
    """Called from another site, a host may set SameSite=None cookies and no others."""
    lines = ("a=1", "b=1; SameSite=Lax", "c=1; SameSite=Strict; Secure", "d=1; SameSite=None; Secure")
    assert [cookie.name for cookie in merged(*lines, page="https://other.test/")] == ["d"]
    assert [cookie.name for cookie in merged(*lines, page="https://www.example.com/")] == ["a", "b", "c", "d"]


def test_a_site_without_tls_neither_sets_nor_overlays_secure_cookies() -> None:
    """Over http, Secure is refused, and so is a cookie that would shadow a Secure one."""
    jar = merged("a=1; Secure; Path=/a")
    http = "http://shop.example.com/"
    assert (
        merged("a=2; Path=/a", "a=2; Path=/a/b; Domain=example.com", "x=1; Secure", jar=jar, url=http, page=http) == jar
    )
    assert len(merged("a=2; Path=/", jar=jar, url=http, page=http)) == 2


@pytest.mark.parametrize(
    ("line", "logged"),
    [
        ("sid=s3cr3t", "the cookie 'sid' is stored"),
        ("sid=s3cr3t; Max-Age=0", "the cookie 'sid' is removed"),
        ("s3cr3t", "the cookie without a name is stored"),
        ("s3cr3t; Domain=other.test", "the cookie without a name has a domain that the host may not set cookies for"),
        ("sid=s3cr3t; SameSite=None", "the cookie 'sid' is SameSite=None or Partitioned, and not Secure"),
        ("sid=s3cr3t\x1b[2J", "it holds a control character"),
    ],
)
def test_the_log_says_what_became_of_a_header(caplog: pytest.LogCaptureFixture, line: str, logged: str) -> None:
    """Which rule it breaks, if it is ignored; never the value."""
    with caplog.at_level("DEBUG", "toolkit"):
        merged(line)
    assert logged in caplog.text
    assert "s3cr3t" not in caplog.text


def test_the_suffix_list_is_loaded_only_when_it_is_needed() -> None:
    """Importing the module and asking for a page's own host leave the public suffix list alone."""
    code = (
        "import sys\n"
        "from toolkit.session.cookie_sending import cookie_header\n"
        "from toolkit.session.cookie_storing import merge_set_cookies\n"
        "url = 'https://example.com/'; jar = merge_set_cookies((), url, ['a=1'], page=url, now=0)\n"
        "assert cookie_header(jar, url, page=url, now=0) == 'a=1'\n"
        "assert 'publicsuffixlist' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
