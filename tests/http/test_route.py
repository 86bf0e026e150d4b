"""How traffic leaves: what a route takes from the environment."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from toolkit.browser.profiles import Profile
from toolkit.browser.proxy import proxy_settings
from toolkit.client.client import Client
from toolkit.errors import ProxyFailed, UsageError
from toolkit.http.route import Route, choose_route

PROXY = "http://ada:sesame@127.0.0.1:8080"
ROOT = trustme.CA().cert_pem.bytes()


def test_an_environment_without_a_proxy_tells_no_route() -> None:
    """Empty variables tell none, and a root without a proxy is no route."""
    environ = {"HTTPS_PROXY": "", "TOOLKIT_CA_FILE": "absent.pem", "TOOLKIT_PROXY": "", "NO_PROXY": "*"}
    assert Route.of_environment(environ) is None


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({"HTTPS_PROXY": "http://a:1"}, "https://site.test", "http://a:1"),
        ({"https_proxy": "http://a:1"}, "https://site.test", "http://a:1"),
        ({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1"}, "https://site.test", "http://a:1"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://b:1"}, "https://site.test", None),
        ({"HTTPS_PROXY": "http://a:1", "HTTP_PROXY": "http://b:1"}, "http://site.test", "http://b:1"),
        ({"HTTPS_PROXY": "http://a:1"}, "http://site.test", None),
        ({"HTTPS_PROXY": "http://a:1", "ALL_PROXY": "http://b:1"}, "http://site.test", "http://b:1"),
        ({"ALL_PROXY": "a:1"}, "https://site.test", "http://a:1"),
        ({"all_proxy": "socks5h://ada:pw@a:1"}, "https://site.test", "socks5h://ada:pw@a:1"),
        ({"TOOLKIT_PROXY": "http://a:1", "HTTPS_PROXY": "http://b:1"}, "https://site.test", "http://a:1"),
        ({"HTTP_PROXY": "http://a:1", "REQUEST_METHOD": "GET"}, "http://site.test", None),
        ({"http_proxy": "http://a:1", "REQUEST_METHOD": "GET"}, "http://site.test", None),
    ],
)
def test_the_variables_are_those_that_other_programs_read(environ: dict[str, str], url: str, proxy: str | None) -> None:
    """By the scheme of the site, in either case, one for all last; what is told to this program alone comes first."""
    route = Route.of_environment(environ, url)
    assert (route and route.proxy) == proxy


def test_what_all_programs_are_told_gives_way_and_is_not_remembered() -> None:
    """A proxy that a session names comes before it, but not before one that is asked for; it is no part of a
    session, nor is a network that was made for one run."""
    general, asked = Route.of_environment({"ALL_PROXY": PROXY}), Route.through(PROXY)
    assert general is not None
    assert choose_route(general, "http://own:1").proxy == "http://own:1"
    assert choose_route(general, None) is general
    assert choose_route(asked, "http://own:1") is asked
    assert choose_route(None, "http://own:1").proxy == "http://own:1"
    assert choose_route(None, None) == Route()
    assert general.proxy_of_session("https://site.test") is None
    assert Route(proxy=PROXY, ca_pem=ROOT).proxy_of_session("https://site.test") is None
    assert asked.proxy_of_session("https://site.test") == PROXY
    assert Route(proxy=PROXY, no_proxy="site.test").proxy_of_session("https://site.test") is None


def test_a_network_that_brings_its_root_answers_for_every_host(tmp_path: Path) -> None:
    """Under replay loopback too goes through its proxy, whatever `NO_PROXY` says."""
    file = tmp_path / "root.pem"
    file.write_bytes(ROOT)
    route = Route.of_environment({"TOOLKIT_PROXY": PROXY, "TOOLKIT_CA_FILE": str(file), "NO_PROXY": "*"})
    assert route is not None
    assert route.proxy_for("http://127.0.0.1:8000") == PROXY


@pytest.mark.parametrize(
    ("rules", "chromium", "bypass"),
    [
        ("", True, "<-loopback>"),
        ("", False, ""),
        ("site.test", False, "site.test,.site.test"),
        ("*.Site.test:8443", False, "site.test:8443,.site.test:8443"),
        ("127.0.0.1, 10.0.0.0/8", True, "<-loopback>,127.0.0.1,10.0.0.0/8"),
        ("127.0.0.1:80 ::1 [::1]:80", False, "127.0.0.1:80,[::1],[::1]:80"),
        ("*", False, "*"),
    ],
)
def test_the_browser_is_told_the_same(rules: str, chromium: bool, bypass: str) -> None:
    """In the words of its own list."""
    profile = Profile(browser="chromium" if chromium else "firefox")
    settings = proxy_settings(profile, Route(proxy="socks5h://p:1", no_proxy=rules))
    assert settings == {"server": "socks5://p:1"} | ({"bypass": bypass} if bypass else {})


def test_an_environment_tells_proxy_and_root(tmp_path: Path) -> None:
    """The proxy, and the root with its key where there is one; the repr shows no password."""
    file = tmp_path / "root.pem"
    file.write_bytes(ROOT)
    environ = {"TOOLKIT_PROXY": PROXY, "TOOLKIT_CA_FILE": str(file), "TOOLKIT_CA_SPKI": "c3BraQ=="}
    route = Route.of_environment(environ)
    assert route == Route(proxy=PROXY, ca_pem=ROOT, spki="c3BraQ==")
    assert "sesame" not in repr(route)
    assert Route.of_environment({"TOOLKIT_PROXY": PROXY}) == Route(proxy=PROXY)


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"TOOLKIT_PROXY": "nonsense"}, "TOOLKIT_PROXY is not the URL of a proxy"),
        ({"TOOLKIT_PROXY": PROXY, "TOOLKIT_CA_FILE": "absent.pem"}, "TOOLKIT_CA_FILE cannot be read"),
        ({"HTTPS_PROXY": "ftp://a:1"}, "HTTPS_PROXY is not the URL of a proxy"),
        ({"ALL_PROXY": "http://[broken"}, "ALL_PROXY is not the URL of a proxy"),
        ({"ALL_PROXY": "http://a:0"}, "ALL_PROXY is not the URL of a proxy"),
        ({"ALL_PROXY": "http://a..b:1"}, "ALL_PROXY is not the URL of a proxy"),
        ({"ALL_PROXY": f"http://{'a' * 70}.example:1"}, "ALL_PROXY is not the URL of a proxy"),
        ({"ALL_PROXY": "http://a\x07:1"}, "ALL_PROXY is not the URL of a proxy"),
        ({"ALL_PROXY": "http://ada:%D0%AF@a:1"}, "ALL_PROXY is not the URL of a proxy"),
        ({"ALL_PROXY": "socks4://a:1"}, "version 5"),
    ],
)
def test_an_environment_that_cannot_be_used_is_told(environ: dict[str, str], told: str) -> None:
    """No URL of a proxy, or a file that is not there, is a usage error, which names the variable."""
    with pytest.raises(UsageError, match=told):
        Route.of_environment(environ)


def test_comments_in_a_root_can_be_in_any_encoding() -> None:
    """Bundles name their authorities there; only the certificates count."""
    route = Route(ca_pem="# Autorité\n".encode("latin-1") + ROOT)
    assert ssl.create_default_context(cadata=route.trusted_roots).get_ca_certs()


@pytest.mark.parametrize(
    "content", [b"", b"PEM", b"\xd0\0", ROOT.replace(b"A", b"B")], ids=["empty", "text", "bytes", "broken"]
)
def test_a_root_without_a_certificate_is_told(content: bytes, tmp_path: Path) -> None:
    """Before anything is opened, and with the variable that can have named it."""
    (file := tmp_path / "root.pem").write_bytes(content)
    with pytest.raises(UsageError, match=r"no certificate .*TOOLKIT_CA_FILE"):
        Route.of_environment({"TOOLKIT_PROXY": PROXY, "TOOLKIT_CA_FILE": str(file)})


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
async def test_a_proxy_of_an_unknown_name_is_the_proxys_fault(scheme: str) -> None:
    """And not the site's, whose name nobody has asked for."""
    proxy = f"{scheme}://nowhere.invalid:1"
    async with Client("aura", cookies={"a": "b"}, proxy=proxy, retries=0) as client:
        with pytest.raises(ProxyFailed):
            await client.chat("Hi").text()
