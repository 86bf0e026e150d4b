"""The arguments for Playwright's `new_context`, from a profile, a route and the session that is being renewed. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from toolkit.browser.profiles import Profile, Size
from toolkit.browser.proxy import proxy_settings
from toolkit.http.gate import NO_GATE, ClientCertificate, Gate
from toolkit.http.route import Route
from toolkit.session.browser_headers import origin_of
from toolkit.session.browser_session import BrowserSession

# The hints that Chromium sends unasked, https://wicg.github.io/client-hints-infrastructure/#low-entropy-hint-table
LOW_ENTROPY_HINTS = ("sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform")
SINGLE_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def context_options(
    profile: Profile, route: Route, previous: BrowserSession | None = None, *, gate: Gate = NO_GATE, site: str = ""
) -> dict[str, Any]:
    """The arguments for Playwright's `new_context`, in a browser that was launched by us or not.

    `gate` is what stands in front of `site`, a URL; its headers are not among the arguments, since those would go to
    every host (see `toolkit.browser.gate_headers`).
    `previous` is a session that is being renewed: the context sends the user agent, languages and client hints that its
    browser sent. Raises `UsageError` for a proxy that the browser cannot take.
    """
    # A Chromium that we launch trusts the route's certificate authority by an argument. Other browsers cannot be given
    # one, so with such a route they accept every certificate.
    trusts_route = profile.browser == "chromium" and profile.connect is None
    accept_any = (route.ca_pem is not None or gate.ca_pem is not None) and not trusts_route
    options: dict[str, Any] = {
        "ignore_https_errors": profile.ignore_https_errors or gate.any_certificate or accept_any,
        "java_script_enabled": profile.java_script_enabled,
        "service_workers": profile.service_workers,
        "accept_downloads": profile.accept_downloads,
        "bypass_csp": profile.bypass_csp,
        "has_touch": profile.has_touch,
    }
    if profile.is_mobile:
        options["is_mobile"] = True
    if profile.viewport is None:
        options["no_viewport"] = True
    else:
        options["viewport"] = _size(profile.viewport)
    if profile.screen is not None:
        options["screen"] = _size(profile.screen)
    for name in ("user_agent", "device_scale_factor", "locale", "timezone_id", "color_scheme", "reduced_motion"):
        if (value := getattr(profile, name)) is not None:
            options[name] = value
    if position := profile.geolocation:
        options["geolocation"] = {
            "latitude": position.latitude,
            "longitude": position.longitude,
            "accuracy": position.accuracy,
        }
    if profile.permissions:
        options["permissions"] = list(profile.permissions)
    if gate.login is not None:
        user, password = gate.login
        options["http_credentials"] = {"username": user, "password": password, "origin": origin_of(site)}
    if gate.certificates:
        options["client_certificates"] = [_certificate(each) for each in gate.certificates]
    if proxy := proxy_settings(profile, route):
        options["proxy"] = proxy
    if previous is not None:
        _use_headers(options, previous.headers)
    return options


def _use_headers(options: dict[str, Any], headers: Mapping[str, str]) -> None:
    """Change `options` so that the context sends the user agent, languages and client hints of `headers`.

    These come before the profile's. The option `user_agent` changes no client hint except the platform, and the option
    `locale` sends one language only, so the other headers are sent as extra headers. Those go to every host, as the
    browser's own do. Hints that a site has to request are not changed.
    """
    if agent := headers.get("user-agent"):
        options["user_agent"] = agent
    extra = {name: headers[name] for name in LOW_ENTROPY_HINTS if name in headers}
    if languages := headers.get("accept-language"):
        options.pop("locale", None)  # navigations would send it instead of the extra header
        if SINGLE_LANGUAGE.fullmatch(languages):  # a single language, as the option sends it
            options["locale"] = languages
        extra["accept-language"] = languages
    if extra:
        options["extra_http_headers"] = extra


def _certificate(certificate: ClientCertificate) -> dict[str, str]:
    """`certificate` as Playwright takes it."""
    settings = {
        "origin": certificate.origin,
        "certPath": certificate.cert_path,
        "keyPath": certificate.key_path,
    }
    return settings if certificate.passphrase is None else settings | {"passphrase": certificate.passphrase}


def _size(size: Size) -> dict[str, int]:
    return {"width": size.width, "height": size.height}
