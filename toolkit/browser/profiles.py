"""browsers.json: named profiles, each saying how a browser is launched and what its contexts look like.

Reads and checks the file; launches nothing and knows no Playwright object. The field names are those of Playwright's
Python API (https://playwright.dev/python/docs/api/class-browsertype#browser-type-launch and
https://playwright.dev/python/docs/api/class-browser#browser-new-context), with the unit added where there is one.

The JSON Schema beside this module is made from these types: `python -m toolkit.browser.profiles > FILE`.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from toolkit.errors import ConfigError

BrowserName = Literal["chromium", "firefox", "webkit"]
Milliseconds = Annotated[float, Meta(ge=0)]
Pixels = Annotated[int, Meta(gt=0)]

ENVIRONMENT_VARIABLE = "TOOLKIT_BROWSERS"
FILE_NAME = "browsers.json"


def _about(text: str) -> Meta:
    return Meta(description=text)


class Proxy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A proxy for everything that the browser loads."""

    server: Annotated[str, _about("URL such as http://host:3128 or socks5://host:1080.")]
    bypass: Annotated[str | None, _about("Comma-separated hosts that are reached without it.")] = None
    username: str | None = None
    password: str | None = None

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

    def __repr__(self) -> str:
        return f"<Connect {self.redacted_url} over {self.over}>"

    @property
    def redacted_url(self) -> str:
        """The URL as it may be shown: the path, too, can be what gives access."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
    extra_http_headers: Annotated[dict[str, str], _about("Sent with every request of every page.")] = {}
    http_credentials: Annotated[Credentials | None, _about("For HTTP authentication.")] = None
    ignore_https_errors: Annotated[bool, _about("Take any certificate. Only for tests.")] = False
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


class BrowsersFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The browsers that toolkit may use, as named profiles."""

    schema: Annotated[str | None, _about("Where this file's JSON Schema is, for editors.")] = msgspec.field(
        name="$schema", default=None
    )
    default: Annotated[str, _about("Name of the profile that is used where none is asked for.")] = "headless"
    profiles: Annotated[dict[str, Profile], _about("The profiles, by name.")]


class Profiles(Struct, frozen=True, kw_only=True):
    """The profiles of one file, `extends` resolved. `file` is where they came from."""

    file: Path
    default: str
    profiles: dict[str, Profile]

    def __iter__(self) -> Iterator[str]:
        return iter(self.profiles)

    def __contains__(self, name: object) -> bool:
        return name in self.profiles

    def get(self, name: str | None = None) -> Profile:
        """The profile of that name, or the file's default for None. Raises `ConfigError` naming the known ones."""
        try:
            return self.profiles[name or self.default]
        except KeyError:
            raise ConfigError(
                f"There is no profile {name!r} in {self.file}.", hint=f"Known: {', '.join(self.profiles)}."
            ) from None


def packaged_file() -> Path:
    """The copy that comes with the package; in a checkout the top-level one, which is the same file."""
    packaged = Path(__file__).with_name(FILE_NAME)
    return packaged if packaged.is_file() else Path(__file__).parents[2] / FILE_NAME


def find_file(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """Which file counts: `path`, else `TOOLKIT_BROWSERS`, else ./browsers.json, else the packaged copy."""
    environ = os.environ if environ is None else environ
    if path is not None:
        return Path(path)
    if named := environ.get(ENVIRONMENT_VARIABLE):
        return Path(named)
    local = Path(FILE_NAME)
    return local if local.is_file() else packaged_file()


def load_profiles(path: Path | None = None) -> Profiles:
    """The profiles of `find_file(path)`.

    Raises `ConfigError` with the file, the JSON path in it and what was expected there.
    """
    file = find_file(path)
    content = _read(file)
    try:
        whole = msgspec.convert({**content, "profiles": {}}, BrowsersFile)
    except msgspec.ValidationError as error:
        raise _explained(file, "$", BrowsersFile, error) from None
    raw = content.get("profiles")
    if not isinstance(raw, dict) or not raw:
        raise _wrong(file, "$.profiles", "expected an object with at least one profile")
    for name, fields in raw.items():  # each alone first, so that a fault is told where it stands
        _profile(file, name, fields)
    profiles = {name: _profile(file, name, _merged(file, raw, name)) for name in raw}
    for name, profile in profiles.items():
        if fault := find_conflict(profile):
            raise _wrong(file, f"$.profiles.{name}.{fault[0]}", fault[1])
    if whole.default not in profiles:
        raise _wrong(file, "$.default", f"expected one of {', '.join(profiles)}, got {whole.default!r}")
    return Profiles(file=file, default=whole.default, profiles=profiles)


# What a launch alone can give a browser. The proxy is not among them: contexts take one too.
LAUNCHING = (
    *("channel", "executable_path", "args", "ignore_default_args", "env", "firefox_user_prefs", "sandbox"),
    "downloads_path",
)


def find_conflict(profile: Profile) -> tuple[str, str] | None:
    """Where a profile says what cannot hold together, and why; None for a sound one."""
    if profile.connect is None:
        return None
    if profile.connect.over == "cdp" and profile.browser != "chromium":
        return "connect.over", f"cdp is for chromium only, and the browser is {profile.browser}"
    nothing = Profile()
    if said := [name for name in LAUNCHING if getattr(profile, name) != getattr(nothing, name)]:
        return "connect", f"nothing is launched where one connects, so leave out {', '.join(said)}"
    return None


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of browsers.json, made from the types above."""
    (_,), components = msgspec.json.schema_components([BrowsersFile], ref_template="#/$defs/{name}")
    whole = components.pop(BrowsersFile.__name__)
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**draft, **whole, "title": "browsers.json", "$defs": components}


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror or type(error).__name__}.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8 text (byte {error.start}).") from None
    except json.JSONDecodeError as error:
        raise ConfigError(f"{file}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}.") from None
    if not isinstance(content, dict):
        raise _wrong(file, "$", "expected an object with `profiles`")
    return content


def _profile(file: Path, name: str, fields: object) -> Profile:
    try:
        return msgspec.convert(fields, Profile)
    except msgspec.ValidationError as error:
        raise _explained(file, f"$.profiles.{name}", Profile, error) from None


def _merged(file: Path, raw: dict[str, dict[str, Any]], name: str, heirs: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of profile `name` over those that it extends. `heirs` are the ones that led here."""
    own = raw[name]
    parent = own.get("extends")
    if parent is None:
        return own
    place = f"$.profiles.{name}.extends"
    if parent not in raw:
        close = difflib.get_close_matches(parent, raw, n=1)
        raise _wrong(file, place, f"expected the name of a profile ({', '.join(raw)}), got {parent!r}", close)
    if parent == name or parent in heirs:
        circle = " -> ".join((*heirs[heirs.index(parent) if parent in heirs else len(heirs) :], name, parent))
        raise _wrong(file, place, f"these profiles extend each other in a circle: {circle}")
    return {**_merged(file, raw, parent, (*heirs, name)), **own}


def _explained(file: Path, place: str, root: type[Struct], error: msgspec.ValidationError) -> ConfigError:
    """Our error for msgspec's, whose texts read "Expected `int`, got `str` - at `$.viewport.width`"."""
    what, _, where = str(error).partition(" - at ")
    inner = where.strip("`") or "$"
    close: list[str] = []
    here = list(_kinds(_type_at(root, inner)))
    if unknown := re.search(r"unknown field `(.+)`", what):
        struct = next(kind for kind in here if isinstance(kind, type) and issubclass(kind, Struct))
        known = [field.encode_name for field in msgspec.structs.fields(struct)]
        close = difflib.get_close_matches(unknown[1], known, n=1)
        what = f"unknown field `{unknown[1]}`"
    elif what.startswith("Invalid enum value"):
        choices = next(get_args(kind) for kind in here if get_origin(kind) is Literal)
        what = f"expected one of {', '.join(choices)}"
    elif "matching regex" in what:
        what = "expected an address such as ws://host:3000/ or http://host:9222"  # the only text that has a form
    return _wrong(file, inner.replace("$", place, 1), what[0].lower() + what[1:], close)


def _type_at(kind: Any, place: str) -> Any:
    """The type that stands at a path such as `$.viewport.width` below `kind`."""
    for name in re.sub(r"\[[^]]*\]", "", place).split(".")[1:]:  # no `[1]`; `[...]` is how msgspec writes a key
        struct = next(part for part in _kinds(kind) if isinstance(part, type) and issubclass(part, Struct))
        kind = next(field.type for field in msgspec.structs.fields(struct) if field.encode_name == name)
    return kind


def _kinds(kind: Any) -> Iterator[Any]:
    """A type and, of an Annotated or a union, those that it is made of."""
    yield kind
    for part in get_args(kind):
        yield from _kinds(part)


def _wrong(file: Path, place: str, what: str, close: list[str] | None = None) -> ConfigError:
    return ConfigError(f"{file}: {place}: {what}.", hint=f"Did you mean `{close[0]}`?" if close else None)


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
