"""A browser profile as a value: how a browser is launched, and what its contexts look like.

Launches nothing and imports nothing of Playwright. The field names are those of Playwright's Python API, with the unit
added where there is one (https://playwright.dev/python/docs/api/class-browsertype#browser-type-launch and
https://playwright.dev/python/docs/api/class-browser#browser-new-context). The docstrings and descriptions of these
types are part of the JSON Schema that `toolkit.browser.browsers_file` makes from them.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from toolkit.http.gate import ClientCertificate

BrowserName = Literal["chromium", "firefox", "webkit"]
Milliseconds = Annotated[float, Meta(ge=0)]
Pixels = Annotated[int, Meta(gt=0)]


def _about(text: str) -> Meta:
    return Meta(description=text)


class Proxy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A proxy for everything that the browser loads."""

    server: Annotated[str, _about("URL such as http://host:3128 or socks5://host:1080.")]
    bypass: Annotated[str | None, _about("Comma-separated hosts that are reached without it.")] = None
    username: str | None = None
    password: str | None = None

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<Proxy login={self.username is not None}>"


class Size(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Width and height in CSS pixels."""

    width: Pixels
    height: Pixels


class Geolocation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the browser says it is; pages also need the permission `geolocation`."""

    latitude: Annotated[float, Meta(ge=-90, le=90, description="Degrees.")]
    longitude: Annotated[float, Meta(ge=-180, le=180, description="Degrees.")]
    accuracy: Annotated[float, Meta(ge=0, description="Metres.")] = 0


class Credentials(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """User and password for HTTP authentication."""

    username: str
    password: str
    origin: Annotated[str | None, _about("Only for this origin, such as https://example.com.")] = None

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return "<Credentials>"


class Connect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A browser that runs already, here or on another machine. What is secret in the URL or a header is never shown."""

    url: Annotated[
        str,
        Meta(
            pattern=r"^(wss?|https?)://[^/]",
            description="Where it listens, such as ws://host:3000/ or http://host:9222; with its token, if it has one.",
        ),
    ]
    over: Annotated[
        Literal["playwright", "cdp"],
        _about(
            "What it speaks. playwright: a server of Playwright's (run-server, launch-server) whose version is ours up "
            "to the second number. cdp: the Chrome DevTools Protocol, which is Chromium's only: a browser started with "
            "--remote-debugging-port, a Selenium grid's node (its se:cdp address), or a browser service."
        ),
    ] = "playwright"
    headers: Annotated[dict[str, str], _about("Sent when connecting, such as an authorization.")] = {}

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<Connect {self.redacted_url} over {self.over}>"

    @property
    def redacted_url(self) -> str:
        """The URL as it may be shown: the path, too, can be what gives access."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


class Deployment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a site, or the gate in front of it, wants of browser and calls alike; nothing of it goes to other hosts."""

    extra_http_headers: Annotated[
        dict[str, str], _about("Sent with every request to the provider's own hosts, such as a service token.")
    ] = {}
    http_credentials: Annotated[Credentials | None, _about("For HTTP authentication.")] = None
    client_certificates: Annotated[
        tuple[ClientCertificate, ...], _about("By which one shows who one is. Paths are relative to this file.")
    ] = ()
    ca_file: Annotated[
        str | None, _about("Roots to trust besides the system's, in PEM. The path is relative to this file.")
    ] = None
    ignore_https_errors: Annotated[bool, _about("Take any certificate. Only for tests.")] = False
    session_hosts: Annotated[
        tuple[str, ...], _about("Further hosts whose cookies belong to the session, such as that of a single sign-on.")
    ] = ()

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<{type(self).__name__} session_hosts={self.session_hosts}>"


class Profile(Deployment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one browser is launched and what its contexts look like. Times are in milliseconds."""

    extends: Annotated[
        str | None, _about("Name of the profile whose fields hold where this one says nothing; whole fields.")
    ] = None

    # which browser
    browser: Annotated[BrowserName, _about("The engine.")] = "chromium"
    channel: Annotated[str | None, _about("An installed distribution: chrome, msedge, chrome-beta, chromium ...")] = (
        None
    )
    executable_path: Annotated[
        str | None, _about("The browser's program. Comes before the channel and before every search.")
    ] = None

    connect: Annotated[Connect | None, _about("Use a browser that runs already, instead of launching one.")] = None

    # how it is launched
    headless: Annotated[bool, _about("Without a window. With `connect`: whether nobody sits at its window.")] = True
    args: Annotated[tuple[str, ...], _about("More command-line arguments.")] = ()
    ignore_default_args: Annotated[
        bool | tuple[str, ...], _about("Playwright's own arguments to leave out: all of them, or these.")
    ] = False
    env: Annotated[dict[str, str], _about("Environment variables, added to those of this process.")] = {}
    firefox_user_prefs: Annotated[dict[str, bool | int | float | str], _about("Firefox: about:config values.")] = {}
    sandbox: Annotated[
        bool | None,
        _about("Chromium's sandbox. true: insist on it; false: never; null: on wherever the system supports it."),
    ] = None
    slow_mo_ms: Annotated[Milliseconds, _about("Pause between operations, in ms.")] = 0
    downloads_path: Annotated[str | None, _about("Folder for downloads; a temporary one where null.")] = None
    proxy: Annotated[Proxy | None, _about("A proxy; one given on the command line comes before it.")] = None

    # what its contexts look like
    user_agent: Annotated[str | None, _about("The browser's own where null.")] = None
    viewport: Annotated[Size | None, _about("Size of the page; null takes that of the window.")] = Size(
        width=1280, height=720
    )
    screen: Annotated[Size | None, _about("Size of the screen as pages see it.")] = None
    device_scale_factor: Annotated[Annotated[float, Meta(gt=0)] | None, _about("Device pixels per CSS pixel.")] = None
    is_mobile: Annotated[bool, _about("Honour the viewport meta tag, as phones do (not Firefox).")] = False
    has_touch: Annotated[bool, _about("Touch events.")] = False
    locale: Annotated[str | None, _about("Such as en-GB: languages, number and date formats.")] = None
    timezone_id: Annotated[str | None, _about("An IANA name such as Europe/Berlin.")] = None
    geolocation: Annotated[Geolocation | None, _about("Where the browser says it is.")] = None
    permissions: Annotated[tuple[str, ...], _about("Granted to every page, such as geolocation.")] = ()
    color_scheme: Annotated[Literal["light", "dark", "no-preference"] | None, _about("prefers-color-scheme.")] = None
    reduced_motion: Annotated[Literal["reduce", "no-preference"] | None, _about("prefers-reduced-motion.")] = None
    bypass_csp: Annotated[bool, _about("Switch the pages' Content-Security-Policy off.")] = False
    java_script_enabled: Annotated[bool, _about("Run the pages' scripts.")] = True
    service_workers: Annotated[Literal["allow", "block"], _about("Whether sites may register them.")] = "allow"
    accept_downloads: Annotated[bool, _about("Keep what pages download.")] = False

    # how long each step may take; 0 is no limit
    launch_timeout_ms: Annotated[Milliseconds, _about("For the browser to start, or to be connected to, in ms.")] = (
        30_000
    )
    navigation_timeout_ms: Annotated[Milliseconds, _about("For a page to load, in ms.")] = 30_000
    ready_timeout_ms: Annotated[Milliseconds, _about("For the page to have what a session needs, in ms.")] = 30_000
    login_timeout_ms: Annotated[Milliseconds, _about("For a person to log in, in a window, in ms.")] = 300_000

    def __repr__(self) -> str:  # headers, environment and credentials stay out of logs
        which = self.connect or self.executable_path or self.channel or "any"
        return f"<Profile {self.browser} ({which}) headless={self.headless}>"


# The fields that only a launch can apply. The proxy is not one of them: contexts take one too.
LAUNCH_FIELDS = (
    *("channel", "executable_path", "args", "ignore_default_args", "env", "firefox_user_prefs", "sandbox"),
    "downloads_path",
)


def find_conflict(profile: Profile) -> tuple[str, str] | None:
    """The field of a profile that contradicts another one, and why; None where there is no contradiction."""
    if profile.connect is None:
        return None
    if profile.connect.over == "cdp" and profile.browser != "chromium":
        return "connect.over", f"cdp is for chromium only, and the browser is {profile.browser}"
    default = Profile()
    if unused := [name for name in LAUNCH_FIELDS if getattr(profile, name) != getattr(default, name)]:
        return "connect", f"nothing is launched where one connects, so leave out {', '.join(unused)}"
    return None
