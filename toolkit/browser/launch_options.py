"""The arguments for Playwright's `launch`, from a profile, an installed browser and a route."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from toolkit.browser.child_environment import without_secrets
from toolkit.browser.installed_browsers import InstalledBrowser
from toolkit.browser.profiles import Profile
from toolkit.browser.proxy import NO_LOOPBACK, proxy_settings
from toolkit.http.route import Route

# Chromium asks Google for a list of on-device models, for the accounts that are signed in, and for the meaning of form
# fields, whatever Playwright switches off. These addresses lead nowhere: Chromium refuses port 1 before it connects,
# and never asks an update source that is no web address.
UNREACHABLE = "http://127.0.0.1:1/"
QUIET_ARGS = (
    f"--component-updater=url-source={UNREACHABLE}",
    f"--gaia-url={UNREACHABLE}",
    f"--autofill-server-url={UNREACHABLE}",
)
SHELL_ARGS = ("--accept-lang=en-US,en",)  # what a whole browser sends by default; a headless shell sends no language


def launch_options(
    profile: Profile,
    browser: InstalledBrowser,
    route: Route,
    sandbox: bool,
    environ: Mapping[str, str] | None = None,
    *,
    pins: Collection[str] = (),
) -> dict[str, Any]:
    """The arguments for Playwright's `launch`. `pins` are those of keys that Chromium trusts besides the route's
    (`toolkit.http.public_key_pins`). `profile.env` is added to `environ`, by default `os.environ` without secrets. A
    profile without an `env` leaves the browser the environment of the driver.

    Raises `UsageError` for a proxy that the browser cannot take.
    """
    chromium = profile.browser == "chromium"
    args = chromium_args(browser) if chromium else []
    if chromium and (trusted := [*filter(None, [route.spki]), *pins]):
        args.append(f"--ignore-certificate-errors-spki-list={','.join(trusted)}")
    proxy = proxy_settings(profile, route)
    if chromium and proxy:
        args += proxied_only_args(proxy)
    options: dict[str, Any] = {
        "headless": profile.headless,
        "args": [*args, *profile.args],
        "timeout": profile.launch_timeout_ms,
    }
    if browser.channel:
        options["channel"] = browser.channel
    elif browser.source != "playwright":  # Playwright finds its own, and then checks their libraries
        options["executable_path"] = browser.path
    if chromium:
        options["chromium_sandbox"] = sandbox
    if profile.ignore_default_args:
        ignored = profile.ignore_default_args
        options["ignore_default_args"] = ignored if isinstance(ignored, bool) else list(ignored)
    if profile.env:
        options["env"] = {**(without_secrets(os.environ) if environ is None else environ), **profile.env}
    if profile.browser == "firefox":
        # Without this preference Firefox reaches loopback names without the proxy.
        loopback = {"network.proxy.allow_hijacking_localhost": True} if route.proxy else {}
        if prefs := {**loopback, **profile.firefox_user_prefs}:
            options["firefox_user_prefs"] = prefs
    if profile.slow_mo_ms:
        options["slow_mo"] = profile.slow_mo_ms
    if profile.downloads_path:
        options["downloads_path"] = os.path.expanduser(profile.downloads_path)
    if proxy:
        options["proxy"] = proxy
    return options


def proxied_only_args(proxy: Mapping[str, str]) -> list[str]:
    """The arguments with which Chromium goes past `proxy`, as Playwright takes it, by no protocol: neither by UDP
    (WebRTC, QUIC, mDNS), nor for the address of a name, unless the bypass list of the proxy names hosts.

    https://www.chromium.org/developers/design-documents/network-stack/socks-proxy has the rule for names.
    """
    webrtc = "webrtc-ip-handling-policy=disable_non_proxied_udp"
    args = [f"--{webrtc}", f"--force-{webrtc}", "--disable-quic"]  # the name in newer and in older versions
    server = proxy["server"]
    host = urlsplit(server if "://" in server else f"http://{server}").hostname
    if host and proxy.get("bypass", NO_LOOPBACK) == NO_LOOPBACK:
        shown = f"[{host}]" if ":" in host else host
        args.append(f"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE {shown}")
    return args


def chromium_args(browser: InstalledBrowser) -> list[str]:
    """The command-line arguments that every Chromium gets."""
    return [*QUIET_ARGS, *(SHELL_ARGS if browser.shell else ())]
