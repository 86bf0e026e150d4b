"""The arguments for Playwright's `new_context`, from a profile."""

from __future__ import annotations

from toolkit.browser.context_options import context_options
from toolkit.browser.profiles import Credentials, Geolocation, Profile, Proxy, Size
from toolkit.http.route import Route


def test_every_context_field_reaches_playwright() -> None:
    """Each field of a profile that belongs to its contexts has its argument."""
    profile = Profile(
        user_agent="UA",
        viewport=Size(width=1, height=2),
        screen=Size(width=3, height=4),
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        locale="de-DE",
        timezone_id="Europe/Berlin",
        geolocation=Geolocation(latitude=1, longitude=2, accuracy=3),
        permissions=("geolocation",),
        color_scheme="dark",
        reduced_motion="reduce",
        extra_http_headers={"x-a": "1"},
        http_credentials=Credentials(username="u", password="p", origin="https://example.com"),
        ignore_https_errors=True,
        bypass_csp=True,
        java_script_enabled=False,
        service_workers="block",
        accept_downloads=True,
        proxy=Proxy(server="http://p:1", bypass="a.test", username="u", password="w"),
    )
    assert context_options(profile, Route()) == {
        "user_agent": "UA",
        "viewport": {"width": 1, "height": 2},
        "screen": {"width": 3, "height": 4},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
        "locale": "de-DE",
        "timezone_id": "Europe/Berlin",
        "geolocation": {"latitude": 1, "longitude": 2, "accuracy": 3},
        "permissions": ["geolocation"],
        "color_scheme": "dark",
        "reduced_motion": "reduce",
        "extra_http_headers": {"x-a": "1"},
        "http_credentials": {"username": "u", "password": "p", "origin": "https://example.com"},
        "ignore_https_errors": True,
        "bypass_csp": True,
        "java_script_enabled": False,
        "service_workers": "block",
        "accept_downloads": True,
        "proxy": {"server": "http://p:1", "bypass": "a.test", "username": "u", "password": "w"},
    }


def test_no_viewport_is_the_window_s() -> None:
    """`viewport: null` is Playwright's `no_viewport`."""
    options = context_options(Profile(viewport=None), Route())
    assert options["no_viewport"]
    assert "viewport" not in options
