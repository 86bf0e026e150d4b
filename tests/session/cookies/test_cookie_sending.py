"""The laws of `cookies_for`, `cookie_header` and `same_site`, without a browser."""

from __future__ import annotations

import pytest

from toolkit.errors import UsageError
from toolkit.session.browser_session import Cookie, SameSite
from toolkit.session.cookie_sending import cookie_header, cookies_for
from toolkit.session.sites import same_site

NOW = 1_800_000_000.0
PAGE = "https://shop.example.com/page"


def cookie(name: str = "a", *, host_only: bool = True, domain: str = "shop.example.com", path: str = "/") -> Cookie:
    return Cookie(name=name, value="1", domain=domain, host_only=host_only, path=path)


def goes(one: Cookie, url: str, *, page: str | None = None) -> bool:
    """Whether `one` goes to `url`, by default from a page of the same origin."""
    return cookies_for([one], url, page=page or url, now=NOW) == [one]


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("https://example.com", "https://example.com/x?y", True),
        ("https://example.com", "https://example.com:8443", True),
        ("https://a.example.com", "https://b.c.EXAMPLE.com", True),
        ("wss://a.example.com", "https://example.com", True),
        ("https://example.com", "http://example.com", False),
        ("https://example.com", "https://example.org", False),
        ("https://a.co.uk", "https://b.co.uk", False),
        ("https://a.b.co.uk", "https://b.co.uk", True),
        ("https://alice.github.io", "https://bob.github.io", False),
        ("https://x.alice.github.io", "https://alice.github.io", True),
        ("https://github.io", "https://alice.github.io", False),
        ("http://127.0.0.1", "http://127.0.0.1:81", True),
        ("http://127.0.0.1", "http://10.0.0.1", False),
        ("http://[::1]", "http://[::1]:81", True),
        ("http://localhost", "http://localhost:81", True),
        ("http://localhost", "http://127.0.0.1", False),
        ("https://intranet", "https://wiki.intranet", False),
        ("https://bücher.example", "https://www.xn--bcher-kva.example", True),
    ],
)
def test_a_site_is_a_scheme_and_a_registrable_domain(a: str, b: str, same: bool) -> None:
    """Two URLs are same-site by scheme and registrable domain, both ways round."""
    assert same_site(a, b) is same
    assert same_site(b, a) is same


@pytest.mark.parametrize(
    "url", ["", "example.com", "/path", "ftp://example.com", "https://", "https://[", "about:blank"]
)
def test_what_is_no_web_url_is_refused(url: str) -> None:
    """Anything but an absolute web URL is a usage error, and its text does not repeat it."""
    with pytest.raises(UsageError, match="not the URL"):
        cookies_for([cookie()], url, page=PAGE, now=NOW)


@pytest.mark.parametrize(
    ("host", "host_only", "everywhere"),
    [
        ("shop.example.com", True, True),
        ("SHOP.example.com", True, True),
        ("api.shop.example.com", False, True),
        ("example.com", False, False),
        ("myshop.example.com", False, False),
        ("shop.example.com.evil.test", False, False),
    ],
)
def test_a_cookie_goes_to_its_host_or_below_its_domain(host: str, host_only: bool, everywhere: bool) -> None:
    """A host-only cookie goes to its host alone, a domain cookie to what is below it too."""
    assert goes(cookie(host_only=True), f"https://{host}/") is host_only
    assert goes(cookie(host_only=False), f"https://{host}/") is everywhere


@pytest.mark.parametrize(
    ("path", "url_path", "sent"),
    [
        ("/", "", True),
        ("/", "/a", True),
        ("/a", "/a", True),
        ("/a", "/a/", True),
        ("/a", "/a/b?c", True),
        ("/a", "/ab", False),
        ("/a", "/A", False),
        ("/a", "/", False),
        ("/a/", "/a", False),
        ("/a/", "/a/b", True),
        ("/a", "?/a", False),
    ],
)
def test_a_cookie_goes_to_its_path_and_below(path: str, url_path: str, sent: bool) -> None:
    """A cookie's path matches whole segments, with regard to case and without the query."""
    assert goes(cookie(path=path), f"https://shop.example.com{url_path}") is sent


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://shop.example.com/", True),
        ("wss://shop.example.com/", True),
        ("http://shop.example.com/", False),
        ("http://localhost/", True),
        ("http://app.localhost:81/", True),
        ("http://127.0.0.1/", True),
        ("http://127.8.0.1/", True),
        ("http://[::1]/", True),
        ("http://10.0.0.1/", False),
        ("http://localhost.example.com/", False),
    ],
)
def test_a_secure_cookie_needs_tls_or_this_machine(url: str, sent: bool) -> None:
    """Secure cookies go over TLS, and without it only to the machine itself."""
    host = url.split("/")[2].split(":8")[0] if "[" not in url else "[::1]"
    assert goes(Cookie(name="a", value="1", domain=host, secure=True), url) is sent


@pytest.mark.parametrize("same_site", ["Strict", "Lax", "None"])
@pytest.mark.parametrize(
    ("page", "within"),
    [
        (PAGE, True),
        ("https://other.shop.example.com", True),
        ("https://example.com:8443", True),
        ("http://shop.example.com", False),
        ("https://other.test", False),
    ],
)
def test_only_samesite_none_leaves_its_site(page: str, within: bool, same_site: SameSite) -> None:
    """A fetch from another site carries SameSite=None cookies only, and another scheme is another site."""
    one = Cookie(name="a", value="1", domain="shop.example.com", secure=True, same_site=same_site)
    assert goes(one, "https://shop.example.com/", page=page) is (within or same_site == "None")


@pytest.mark.parametrize(
    "broken",
    [
        Cookie(name="a", value="1", domain="shop.example.com", same_site="None"),
        Cookie(name="__Secure-a", value="1", domain="shop.example.com"),
        Cookie(name="__host-a", value="1", domain="shop.example.com"),
        Cookie(name="__Host-a", value="1", domain="shop.example.com", secure=True, path="/page"),
        Cookie(name="__Host-a", value="1", domain="shop.example.com", secure=True, host_only=False),
        Cookie(name="__Http-a", value="1", domain="shop.example.com", secure=True),
        Cookie(name="__Host-Http-a", value="1", domain="shop.example.com", secure=True),
        Cookie(name="", value="__Host-a=1", domain="shop.example.com", secure=True),
    ],
)
def test_a_cookie_that_no_browser_would_have_is_not_sent(broken: Cookie) -> None:
    """What a prefix or SameSite=None promises is checked again, wherever the jar came from."""
    assert not goes(broken, PAGE)


def test_expired_cookies_are_not_sent() -> None:
    """A cookie goes until its expiry and not at it."""
    jar = [Cookie(name=name, value="1", domain="shop.example.com", expires=at) for name, at in
           [("past", NOW - 1), ("now", NOW), ("soon", NOW + 1), ("session", None)]]  # fmt: skip
    assert cookie_header(jar, PAGE, page=PAGE, now=NOW) == "soon=1; session=1"


@pytest.mark.parametrize(
    ("page", "sent"),
    [
        ("https://www.shop.test:8443/x", True),
        ("http://www.shop.test", False),
        ("https://other.test", False),
        ("https://api.test", False),
    ],
)
def test_a_partitioned_cookie_stays_under_its_top_level_site(page: str, sent: bool) -> None:
    """A partitioned cookie goes only when the page's schemeful site is its key."""
    one = Cookie(
        name="a", value="1", domain="api.test", secure=True, same_site="None", partition_key="https://shop.test"
    )
    assert goes(one, "https://api.test/", page=page) is sent


@pytest.mark.parametrize(
    ("cross_site_ancestor", "from_own_site", "from_elsewhere"),
    [(None, True, True), (False, True, False), (True, False, True)],
)
def test_a_partition_also_tells_own_site_from_embedded(
    cross_site_ancestor: bool | None, from_own_site: bool, from_elsewhere: bool
) -> None:
    """What a site set for itself does not go where another site embeds it, nor the other way; unknown goes to both."""
    for page, sent in (("https://shop.test", from_own_site), ("https://other.test", from_elsewhere)):
        one = Cookie(
            name="a",
            value="1",
            domain="api.shop.test",
            secure=True,
            same_site="None",
            partition_key=page,
            cross_site_ancestor=cross_site_ancestor,
        )
        assert goes(one, "https://api.shop.test/", page=page) is sent


def test_longer_paths_go_first_and_then_older_cookies() -> None:
    """The order is by length of path, and by age within it; one name may come more than once."""
    jar = [cookie("a"), cookie("b", path="/x"), cookie("a", path="/x/y"), cookie("c", path="/x"), cookie("d")]
    sent = cookies_for(jar, "https://shop.example.com/x/y/z", page=PAGE, now=NOW)
    assert [(one.name, one.path) for one in sent] == [("a", "/x/y"), ("b", "/x"), ("c", "/x"), ("a", "/"), ("d", "/")]


@pytest.mark.parametrize("value", ['"quoted"', "a b", "a,b", "a=b==", "", "%20", "你好🍪", "\udcff"])
def test_values_go_out_as_they_came_in(value: str) -> None:
    """Nothing is quoted, escaped or trimmed."""
    one = Cookie(name="n", value=value, domain="shop.example.com")
    assert cookie_header([one], PAGE, page=PAGE, now=NOW) == f"n={value}"


def test_a_cookie_without_a_name_is_its_value() -> None:
    """A nameless cookie goes without an equals sign."""
    assert (
        cookie_header([Cookie(name="", value="v", domain="shop.example.com"), cookie()], PAGE, page=PAGE, now=NOW)
        == "v; a=1"
    )


def test_there_is_no_header_without_a_cookie() -> None:
    """None means that no header is sent, not an empty one."""
    assert cookie_header([], PAGE, page=PAGE, now=NOW) is None
    assert cookie_header([cookie()], "https://other.test/", page=PAGE, now=NOW) is None
