"""The arguments for Playwright's `new_context`, from a profile."""

from __future__ import annotations

from toolkit.browser.context_options import context_options
from toolkit.browser.profiles import Geolocation, Profile, Proxy, Size
from toolkit.http.gate import ClientCertificate, Gate
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
        "ignore_https_errors": True,
        "bypass_csp": True,
        "java_script_enabled": False,
        "service_workers": "block",
        "accept_downloads": True,
        "proxy": {"server": "http://p:1", "bypass": "a.test", "username": "u", "password": "w"},
    }


def test_a_gate_s_login_and_certificate_are_for_the_site_alone() -> None:
    """Its headers are no argument: as one, they would go to every host."""
    certificate = ClientCertificate(origin="https://a.test", cert_path="c.pem", key_path="k.pem", passphrase="pp")
    gate = Gate(headers={"x-a": "1"}, login=("u", "p"), certificates=(certificate,), any_certificate=True)
    options = context_options(Profile(), Route(), gate=gate, site="https://a.test/chat")
    assert options["http_credentials"] == {"username": "u", "password": "p", "origin": "https://a.test"}
    assert options["client_certificates"] == [
        {"origin": "https://a.test", "certPath": "c.pem", "keyPath": "k.pem", "passphrase": "pp"}
    ]
    assert options["ignore_https_errors"]
    assert "extra_http_headers" not in options


def test_no_viewport_is_the_window_s() -> None:
    """`viewport: null` is Playwright's `no_viewport`."""
    options = context_options(Profile(viewport=None), Route())
    assert options["no_viewport"]
    assert "viewport" not in options
