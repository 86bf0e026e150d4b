"""Reads and checks browsers.json, the file of named profiles; also makes its JSON Schema.

The schema beside this module is written by `python -m toolkit.browser.browsers_file > FILE`.
"""

from __future__ import annotations

import difflib
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from toolkit.browser.config_file import error_at, explain_validation_error, read_settings
from toolkit.browser.profiles import Deployment, Profile, find_conflict
from toolkit.browser.secret_references import refuse_literal_secrets, resolve_references
from toolkit.errors import ConfigError
from toolkit.session.browser_headers import origin_of

log = logging.getLogger("toolkit")

D = TypeVar("D", bound=Deployment)

ENVIRONMENT_VARIABLE = "TOOLKIT_BROWSERS"
FILE_NAME = "browsers.json"


class BrowsersFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The browsers that toolkit may use, as named profiles."""

    schema: Annotated[str | None, Meta(description="Where this file's JSON Schema is, for editors.")] = msgspec.field(
        name="$schema", default=None
    )
    default: Annotated[
        str,
        Meta(description="The profile that is used where none is asked for; by default headless, else the first one."),
    ] = "headless"
    profiles: Annotated[
        dict[str, Profile], Meta(description="The profiles, by name; with deployments alone, those of the package.")
    ] = {}
    deployments: Annotated[
        dict[str, Deployment],
        Meta(description="What sites want, whatever the profile, by their address such as https://chat.example.com."),
    ] = {}


class Profiles(Struct, frozen=True, kw_only=True):
    """The profiles of one file, with `extends` resolved, and the deployments by origin. `file` is the path that they
    were read from."""

    file: Path
    default: str
    profiles: dict[str, Profile]
    deployments: dict[str, Deployment] = {}

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<Profiles of {self.file}: {', '.join(self.profiles)}>"

    def __iter__(self) -> Iterator[str]:
        return iter(self.profiles)

    def __contains__(self, name: object) -> bool:
        return name in self.profiles

    def get(self, name: str | None = None) -> Profile:
        """The profile called `name`, or the file's default one, with the secrets that it names.

        Raises `ConfigError` that lists the known names, or says which secret is missing.
        """
        name = name or self.default
        if name not in self.profiles:
            raise ConfigError(
                f"There is no profile {name!r} in {self.file}.", hint=f"Known: {', '.join(self.profiles)}."
            )
        return self._used(self.profiles[name], f"$.profiles.{name}")

    def deployment(self, url: str) -> Deployment | None:
        """What the site at `url` wants, with the secrets that it names. Raises `ConfigError` for a missing secret."""
        origin = origin_of(url)
        found = self.deployments.get(origin)
        return None if found is None else self._used(found, f"$.deployments.{origin}")

    def _used(self, value: D, place: str) -> D:
        """`value` as it is used: with secrets, and with paths that hold from wherever."""
        value = resolve_references(value, f"{self.file}: {place}")
        folder = self.file.parent
        certificates = tuple(
            replace(each, cert_path=_absolute(folder, each.cert_path), key_path=_absolute(folder, each.key_path))
            for each in value.client_certificates
        )
        ca_file = _absolute(folder, value.ca_file) if value.ca_file is not None else None
        return replace(value, client_certificates=certificates, ca_file=ca_file)


def packaged_file() -> Path:
    """The path of the browsers.json that comes with the package; in a checkout, of the one at the top level."""
    packaged = Path(__file__).with_name(FILE_NAME)
    return packaged if packaged.is_file() else Path(__file__).parents[2] / FILE_NAME


def find_file(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The path of the file to use: `path`, else `TOOLKIT_BROWSERS`, else ./browsers.json, else the packaged copy."""
    environ = os.environ if environ is None else environ
    if path is not None:
        return Path(path)
    if named := environ.get(ENVIRONMENT_VARIABLE):
        return Path(named)
    local = Path(FILE_NAME)
    return local if local.is_file() else packaged_file()


def load_profiles(path: Path | None = None) -> Profiles:
    """Load and check the profiles of `find_file(path)`. A file that has only deployments has the package's profiles.

    Raises `ConfigError` with the file, the JSON path in it and what was expected there, also for a secret as text.
    """
    file = find_file(path)
    log.debug("profiles are loaded from %s", file)
    content = _read_object(file)
    try:
        whole = msgspec.convert({**content, "profiles": {}}, BrowsersFile)
    except msgspec.ValidationError as error:
        raise explain_validation_error(file, "$", BrowsersFile, error) from None
    if "profiles" not in content and "deployments" in content and file != packaged_file():
        packaged = load_profiles(packaged_file())
        return replace(packaged, file=file, deployments=_deployments(file, whole))
    raw = content.get("profiles")
    if not isinstance(raw, dict) or not raw:
        raise error_at(file, "$.profiles", "expected an object with at least one profile")
    for name, fields in raw.items():  # each one alone first, so that an error names the profile that it is in
        _convert_profile(file, name, fields)
    profiles = {name: _convert_profile(file, name, _merge_fields(file, raw, name)) for name in raw}
    for name, profile in profiles.items():
        if conflict := find_conflict(profile):
            raise error_at(file, f"$.profiles.{name}.{conflict[0]}", conflict[1])
        refuse_literal_secrets(profile, f"{file}: $.profiles.{name}")
    default = whole.default if "default" in content or whole.default in profiles else next(iter(profiles))
    if default not in profiles:
        raise error_at(file, "$.default", f"expected one of {', '.join(profiles)}, got {whole.default!r}")
    return Profiles(file=file, default=default, profiles=profiles, deployments=_deployments(file, whole))


def _deployments(file: Path, whole: BrowsersFile) -> dict[str, Deployment]:
    """The deployments of a file by origin. Raises `ConfigError`."""
    deployments = {}
    for url, deployment in whole.deployments.items():
        if not re.match(r"https?://[^/]", url):
            raise error_at(file, f"$.deployments.{url}", "expected an address such as https://chat.example.com")
        refuse_literal_secrets(deployment, f"{file}: $.deployments.{url}")
        deployments[origin_of(url)] = deployment
    return deployments


def choose_profile(profile: str | Profile | None, browsers_file: Path | None = None) -> tuple[str, Profile]:
    """The name and the value of `profile`: a value has no name; a name is looked up; None is the file's default.

    Raises `ConfigError`.
    """
    if isinstance(profile, Profile):
        return "", profile
    profiles = load_profiles(browsers_file)
    name = profile or profiles.default
    return name, profiles.get(name)


def _absolute(folder: Path, path: str) -> str:
    return str(folder.absolute() / Path(path).expanduser())


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of browsers.json, made from the types of its content."""
    (_,), components = msgspec.json.schema_components([BrowsersFile], ref_template="#/$defs/{name}")
    whole = components.pop(BrowsersFile.__name__)
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**draft, **whole, "title": "browsers.json", "$defs": components}


def _read_object(file: Path) -> dict[str, Any]:
    """The JSON object in `file`. Raises `ConfigError`."""
    try:
        content = json.loads(read_settings(file))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{file}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}.") from None
    if not isinstance(content, dict):
        raise error_at(file, "$", "expected an object with `profiles`")
    return content


def _convert_profile(file: Path, name: str, fields: object) -> Profile:
    """The profile `name` from the JSON value `fields`. Raises `ConfigError`."""
    try:
        return msgspec.convert(fields, Profile)
    except msgspec.ValidationError as error:
        raise explain_validation_error(file, f"$.profiles.{name}", Profile, error) from None


def _merge_fields(
    file: Path, raw: dict[str, dict[str, Any]], name: str, children: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The fields of profile `name` over those of the profile that it extends.

    `children` are the profiles that led here, each of which extends the next one.
    """
    own = raw[name]
    parent = own.get("extends")
    if parent is None:
        return own
    place = f"$.profiles.{name}.extends"
    if parent not in raw:
        close = difflib.get_close_matches(parent, raw, n=1)
        raise error_at(file, place, f"expected the name of a profile ({', '.join(raw)}), got {parent!r}", close)
    if parent == name or parent in children:
        path = (*children, name, parent)
        circle = " -> ".join(path[path.index(parent) :])
        raise error_at(file, place, f"these profiles extend each other in a circle: {circle}")
    return {**_merge_fields(file, raw, parent, (*children, name)), **own}


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
