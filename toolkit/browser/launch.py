"""From a profile and a route to a running browser: the options, the sandbox, and Playwright's failures as our errors.

What belongs to a visit (contexts, pages, closing) is elsewhere; here are only the options that a context gets.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.async_api import Browser, BrowserType, Playwright
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.browser.discovery import InstalledBrowser, find_browser, install_hint, missing_message
from toolkit.browser.profiles import Profile, Size
from toolkit.browser.proxy import bypass_list
from toolkit.errors import BrowserError, BrowserMissing, ProfileLocked, UsageError
from toolkit.http.route import Route
from toolkit.session.value import BrowserSession

log = logging.getLogger("toolkit")

# Chromium asks Google for a list of on-device models, of signed-in accounts, and what a form's fields are, whatever
# Playwright switches off. An update source that is no web address is never asked; port 1 is one that Chromium refuses
# before connecting.
NOWHERE = "http://127.0.0.1:1/"
QUIET_ARGS = (
    f"--component-updater=url-source={NOWHERE}",
    f"--gaia-url={NOWHERE}",
    f"--autofill-server-url={NOWHERE}",
)
SHELL_ARGS = ("--accept-lang=en-US,en",)  # what a whole browser says by itself; a headless shell names no language

# What Chromium, or Playwright in its place, says when a sandbox cannot be had.
_NO_SANDBOX = (
    "Chromium sandboxing failed",
    "No usable sandbox",
    "Running as root without --no-sandbox",
    "Failed to move to new namespace",
    "setuid sandbox",
    "SUID sandbox",
)
_NO_DISPLAY = ("Missing X server", "without having a XServer", "no DISPLAY", "cannot open display")
_LOCKED = ("ProcessSingleton", "Opening in existing browser session", "profile is already in use")
MISSING = ("executable doesn't exist", "Executable doesn't exist", "is not found at", " ENOENT")

# The hints that Chromium sends unasked, https://wicg.github.io/client-hints-infrastructure/#low-entropy-hint-table
HINTS_FOR_ALL = ("sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform")
LOCALE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")

_unsandboxed: set[str] = set()  # browsers that this process has seen fail for want of a sandbox
_warned: set[str] = set()  # what this process has said once


async def launch(
    playwright: Playwright, profile: Profile | None = None, route: Route | None = None, *, whole: bool = False
) -> Browser:
    """A running browser for `profile`, None for one without a window, its traffic on `route`, None for the direct one.
    The caller closes it.

    `whole` says that a headless shell is not wanted where there is another, see `find_browser`.
    Chromium's sandbox is on wherever the system has one, see `Profile.sandbox`. Raises `BrowserMissing`,
    `ProfileLocked`, or `BrowserError` for every other failure. Neither a failure nor a cancellation leaves a process
    (one that never answered is ended by Playwright's driver, which gives it 30 s, or none when the driver ends).
    """
    profile, route = profile or Profile(), route or Route()
    browser_type: BrowserType = getattr(playwright, profile.browser)
    found = find_browser(profile, browser_type.executable_path, whole=whole)
    if found is None:
        raise BrowserMissing(missing_message(profile), hint=install_hint(profile))
    sandbox = wants_sandbox(profile, found)
    try:
        return await _launch(browser_type, launch_options(profile, found, route, sandbox))
    except PlaywrightError as error:
        if not (sandbox and profile.sandbox is None and _says(error, _NO_SANDBOX)):
            raise launch_error(error, profile) from None
    _unsandboxed.add(_key(found))
    _say_once("Chromium runs without its sandbox, which this system does not let it have.")
    try:
        return await _launch(browser_type, launch_options(profile, found, route, sandbox=False))
    except PlaywrightError as error:
        raise launch_error(error, profile) from None


def wants_sandbox(profile: Profile, found: InstalledBrowser) -> bool:
    """Whether the first attempt is with Chromium's sandbox. The other engines take no such option."""
    if profile.browser != "chromium" or profile.sandbox is not None:
        return profile.browser == "chromium" and profile.sandbox is True
    if _is_linux_root():  # there it refuses to start with one, https://crbug.com/638180
        _say_once("Chromium runs without its sandbox, because this process runs as root.")
        return False
    return _key(found) not in _unsandboxed


def launch_options(
    profile: Profile, found: InstalledBrowser, route: Route, sandbox: bool, environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Arguments for Playwright's `launch`. `environ` is what `profile.env` is added to, this process's where None.

    Raises `UsageError` for a proxy that the browser cannot take.
    """
    chromium = profile.browser == "chromium"
    args = chromium_args(found) if chromium else []
    if chromium and route.spki:
        args.append(f"--ignore-certificate-errors-spki-list={route.spki}")
    options: dict[str, Any] = {
        "headless": profile.headless,
        "args": [*args, *profile.args],
        "timeout": profile.launch_timeout_ms,
    }
    if found.channel:
        options["channel"] = found.channel
    elif found.source != "playwright":  # its own it finds itself, and checks the libraries that they need
        options["executable_path"] = found.path
    if chromium:
        options["chromium_sandbox"] = sandbox
    if profile.ignore_default_args:
        ignored = profile.ignore_default_args
        options["ignore_default_args"] = ignored if isinstance(ignored, bool) else list(ignored)
    if profile.env:
        options["env"] = {**(os.environ if environ is None else environ), **profile.env}
    if profile.browser == "firefox":
        # Firefox sends loopback names past every proxy unless told otherwise
        hijack = {"network.proxy.allow_hijacking_localhost": True} if route.proxy else {}
        if prefs := {**hijack, **profile.firefox_user_prefs}:
            options["firefox_user_prefs"] = prefs
    if profile.slow_mo_ms:
        options["slow_mo"] = profile.slow_mo_ms
    if profile.downloads_path:
        options["downloads_path"] = os.path.expanduser(profile.downloads_path)
    if proxy := proxy_settings(profile, route):
        options["proxy"] = proxy
    return options


def chromium_args(found: InstalledBrowser) -> list[str]:
    """The arguments that every Chromium gets."""
    return [*QUIET_ARGS, *(SHELL_ARGS if found.shell else ())]


def context_options(profile: Profile, route: Route, previous: BrowserSession | None = None) -> dict[str, Any]:
    """Arguments for Playwright's `new_context`, also for a browser that somebody else launched.

    Of `previous`, a session that is renewed, the context takes over how its browser introduced itself.

    Raises `UsageError` for a proxy that the browser cannot take.
    """
    # Only a Chromium that we launch can be told which root to trust; on a route with its own, the others trust all.
    told = profile.browser == "chromium" and profile.connect is None
    trusting = route.ca_pem is not None and not told
    options: dict[str, Any] = {
        "ignore_https_errors": profile.ignore_https_errors or trusting,
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
    if where := profile.geolocation:
        options["geolocation"] = {
            "latitude": where.latitude,
            "longitude": where.longitude,
            "accuracy": where.accuracy,
        }
    if profile.permissions:
        options["permissions"] = list(profile.permissions)
    if profile.extra_http_headers:
        options["extra_http_headers"] = dict(profile.extra_http_headers)
    if login := profile.http_credentials:
        options["http_credentials"] = {"username": login.username, "password": login.password}
        if login.origin:
            options["http_credentials"]["origin"] = login.origin
    if proxy := proxy_settings(profile, route):
        options["proxy"] = proxy
    if previous is not None:
        _introduce(options, previous.headers)
    return options


def _introduce(options: dict[str, Any], headers: Mapping[str, str]) -> None:
    """Have a context send the agent, the languages and the hints that are among `headers`, whatever its profile says.

    An agent of its own changes no hint but the platform's, and a locale sends itself alone, without the languages that
    a browser adds. The rest goes into the extra headers, and so to every host: no more than what a browser tells any
    host. Hints that a site has to ask for stay the browser's own.
    """
    if agent := headers.get("user-agent"):
        options["user_agent"] = agent
    extra = {name: headers[name] for name in HINTS_FOR_ALL if name in headers}
    if languages := headers.get("accept-language"):
        options.pop("locale", None)  # on navigations it would come before an extra header
        if LOCALE.fullmatch(languages):  # one alone is what a locale sends
            options["locale"] = languages
        extra["accept-language"] = languages
    if extra:
        said = options.get("extra_http_headers", {})
        options["extra_http_headers"] = {k: v for k, v in said.items() if k.lower() not in extra} | extra


def proxy_settings(profile: Profile, route: Route) -> dict[str, str] | None:
    """The route's proxy as Playwright takes one, else the profile's, else None.

    The route's is for every host that its `no_proxy` does not have, loopback included: "<-loopback>" takes Chromium's
    built-in exception away.
    """
    if route.proxy:
        parts = urlsplit(route.proxy)
        settings = {"server": f"{parts.scheme.replace('socks5h', 'socks5')}://{parts.netloc.rpartition('@')[2]}"}
        if bypass := bypass_list(route.no_proxy, chromium=profile.browser == "chromium"):
            settings["bypass"] = bypass
        login = {"username": unquote(parts.username or ""), "password": unquote(parts.password or "")}
    elif profile.proxy:
        settings = {"server": profile.proxy.server}
        if profile.proxy.bypass:
            settings["bypass"] = profile.proxy.bypass
        login = {"username": profile.proxy.username or "", "password": profile.proxy.password or ""}
    else:
        return None
    if any(login.values()):
        if settings["server"].startswith("socks"):
            raise UsageError(
                "No browser logs in at a SOCKS proxy.", hint="Use an HTTP proxy, or one without a password."
            )
        settings.update(login)
    return settings


def launch_error(error: PlaywrightError, profile: Profile) -> BrowserError:
    """Our error for what Playwright's `launch` raised. Keeps its first line, never its log: that has the arguments."""
    if isinstance(error, PlaywrightTimeout):
        return BrowserError(
            f"The browser did not start within {profile.launch_timeout_ms:g} ms.",
            hint="Raise `launch_timeout_ms` of the profile, or try its program by hand.",
        )
    if _says(error, _NO_SANDBOX):
        return BrowserError(
            "The browser cannot have its sandbox here, and the profile insists on it.",
            hint="Run as a user other than root, allow unprivileged user namespaces, or set `sandbox` to null.",
        )
    if _says(error, _NO_DISPLAY):
        return BrowserError(
            "There is no display for the browser's window.",
            hint="Log in on a machine with a screen, and bring the session here with `toolkit session export` and "
            "`import`. Xvfb makes a display for tests.",
        )
    if _says(error, _LOCKED):
        return ProfileLocked("Another browser uses this profile folder.")
    first = error.message.partition("\n")[0].removeprefix("BrowserType.launch: ").rstrip(".")
    if any(mark in first for mark in MISSING):
        return BrowserMissing(f"{first}.", hint=install_hint(profile))
    if "Target page, context or browser has been closed" in first:
        return BrowserError(
            "The browser ended as soon as it was started.",
            hint="Start its program by hand with --version; `toolkit install` finds one that works.",
        )
    return BrowserError(f"The browser did not start: {first}.")


async def _launch(browser_type: BrowserType, options: dict[str, Any]) -> Browser:
    # Ctrl-C reaches the driver too, which then would end at once: closing the browser in order is for us to do.
    return await close_if_cancelled(browser_type.launch(handle_sigint=False, **options))


async def close_if_cancelled(call: Awaitable[Browser]) -> Browser:
    """The browser that `call` gives; when cancelled, waits for the one that is on its way and closes it."""
    starting = asyncio.ensure_future(call)
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # Playwright's driver cannot be stopped half-way; a second cancellation leaves the closing to its task.
        await asyncio.shield(asyncio.ensure_future(_close_when_started(starting)))
        raise


async def _close_when_started(starting: asyncio.Future[Browser]) -> None:
    with suppress(PlaywrightError):  # it did not start, or is closed already
        await (await starting).close()


def _size(size: Size) -> dict[str, int]:
    return {"width": size.width, "height": size.height}


def _key(found: InstalledBrowser) -> str:
    return found.path or found.channel or found.name


def _is_linux_root() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0


def _says(error: PlaywrightError, marks: tuple[str, ...]) -> bool:
    return any(mark in error.message for mark in marks)


def _say_once(text: str) -> None:
    if text not in _warned:
        _warned.add(text)
        log.warning(text)
