"""Finds the `Gate` in front of a site: what a profile says for all sites, and browsers.json for this one."""

from __future__ import annotations

from pathlib import Path

from toolkit.browser.browsers_file import load_profiles
from toolkit.browser.profiles import Deployment, Profile
from toolkit.errors import ConfigError
from toolkit.files.access import read_file
from toolkit.http.gate import Gate
from toolkit.session.browser_headers import origin_of


def find_gate(
    site: str, profile: str | Profile | None, browsers_file: Path | None = None, *, previous: str = ""
) -> Gate:
    """The gate in front of `site`, a URL: what its entry in `deployments` says, over what the profile says.

    `profile` is a value or a name in browsers.json; None is the profile `previous` if the file has it, that of a
    session for example, else the file's default. Raises `ConfigError`.
    """
    if isinstance(profile, Profile):
        return make_gate(site, profile)
    profiles = load_profiles(browsers_file)
    name = profile or (previous if previous in profiles else None)
    return make_gate(site, profiles.get(name), profiles.deployment(site))


def make_gate(site: str, profile: Profile, deployment: Deployment | None = None) -> Gate:
    """The gate in front of `site` by the fields of `profile` and those of `deployment`, which come first.

    Raises `ConfigError` for a `ca_file` that cannot be read.
    """
    more = deployment or Deployment()
    credentials = more.http_credentials or profile.http_credentials
    if credentials is not None and origin_of(credentials.origin or site) != origin_of(site):
        credentials = None
    ca_file = more.ca_file or profile.ca_file
    return Gate(
        headers={**_lower(profile.extra_http_headers), **_lower(more.extra_http_headers)},
        login=(credentials.username, credentials.password) if credentials is not None else None,
        certificates=(*more.client_certificates, *profile.client_certificates),
        ca_pem=_read(ca_file) if ca_file is not None else None,
        any_certificate=more.ignore_https_errors or profile.ignore_https_errors,
        session_hosts=tuple(dict.fromkeys((*profile.session_hosts, *more.session_hosts))),
    )


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _read(file: str) -> bytes:
    try:
        return read_file(Path(file).expanduser())
    except OSError as error:
        raise ConfigError(f"The `ca_file` {file} cannot be read: {error.strerror or error}.") from None
