"""The sessions: those that are stored, and those that the environment hands in."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping

from toolkit.client.client import Client
from toolkit.client.environment_session import session_from_variable, variable_name
from toolkit.doctor.finding import Finding, run_check
from toolkit.errors import ToolkitError, UnknownProvider
from toolkit.providers import registry
from toolkit.providers.base import Provider
from toolkit.session.expiry import is_fresh
from toolkit.session.formats.conversion import parse_secret
from toolkit.session.value import BrowserSession
from toolkit.stores.base import Key, Store

ASK_SECONDS = 30.0


def stored(key: Key, session: BrowserSession, now: float | None = None) -> Finding:
    """How a stored session is, by itself: nobody is asked."""
    about = about_session(key)
    try:
        provider = provider_of(key)
    except UnknownProvider as error:
        return Finding(about, "wrong", error.what, "Install the package that it is of.")
    who = f" of {session.identity}" if session.identity else ""
    if is_fresh(session, time.time() if now is None else now):
        return Finding(about, "ok", f"The session{who} is good by what is stored.")
    if provider.harvest.can_detect_login and provider.needs_auth:
        todo = f"The next call tries to renew it; where that does not help: `toolkit login {named(key)}`."
        return Finding(about, "note", f"The session{who} has expired.", todo)
    return Finding(about, "note", f"The session{who} has expired.", "The next call renews it by itself.")


async def asked(key: Key, store: Store) -> Finding:
    """What the site says of a stored session."""
    about = about_session(key)

    async def ask() -> list[Finding]:
        provider = provider_of(key)
        async with Client(provider, account=key.account, store=store) as client:
            health = await client.check()
        who = f" of {health.identity}" if health.identity else ""
        return [Finding(about, "ok", f"The site takes the session{who}.")]

    return (await run_check(about, ASK_SECONDS, ask()))[0]


async def check_stored(kept: Mapping[Key, BrowserSession], store: Store, *, online: bool) -> list[Finding]:
    """How they all are; with `online` the sites are asked, at the same time."""
    if online:
        return list(await asyncio.gather(*(asked(key, store) for key in kept)))
    return [stored(key, session) for key, session in kept.items()]


def check_has_session(
    name: str, kept: Mapping[Key, BrowserSession], environ: Mapping[str, str] = os.environ
) -> list[Finding]:
    """What to say of the provider `name` if there is no session of it. Raises `UnknownProvider`."""
    kind = registry.find(name)
    if any(key.provider == kind.name for key in kept) or environ.get(variable_name(kind.name)):
        return []
    url = "" if kind.public_site() and kind.working else " --base-url URL"
    if kind.needs_auth:
        todo = f"`toolkit login {kind.name}{url}`"
        return [Finding(kind.name, "wrong", "There is no session, and the site wants a login.", todo)]
    return [Finding(kind.name, "ok", "There is no session; the first call makes one.")]


def check_environment(environ: Mapping[str, str], names: tuple[str, ...]) -> list[Finding]:
    """How the sessions in the environment are, of the default accounts of these providers."""
    findings = []
    for name in names:
        if not (secret := environ.get(variable_name(name))):
            continue
        try:
            kind = registry.find(name)
            origin = parse_secret(secret).origin
            provider = kind(origin if origin and origin != kind.public_site() else None)
            session = session_from_variable(provider, secret, variable_name(name))
        except ToolkitError as error:
            findings.append(Finding(name, "wrong", error.what, error.hint))
            continue
        state = is_fresh(session, time.time())
        what = f"{variable_name(name)} hands in a session{'' if state else ' that has expired'}, which comes first."
        todo = "" if state else "Put a new one there: `toolkit session export`."
        findings.append(Finding(name, "ok" if state else "wrong", what, todo))
    return findings


def check_plugins() -> list[Finding]:
    """Which providers of other packages cannot be used."""
    return [
        Finding(
            bad.name,
            "wrong",
            f"The provider of the package {bad.package} cannot be used: {bad.problem}.",
            "Mend that package, or uninstall it.",
        )
        for bad in registry.broken()
    ]


def provider_of(key: Key) -> Provider:
    """The provider of a session, at its deployment. Raises `UnknownProvider`."""
    kind = registry.find(key.provider)
    return kind(key.origin if key.origin != kind.public_site() else None)


def named(key: Key) -> str:
    """How a command line names a session."""
    account = f" --account {key.account}" if key.account != "default" else ""
    return f"{key.provider} --base-url {key.origin}{account}"


def about_session(key: Key) -> str:
    return f"{key.provider} {key.origin}{f' {key.account}' if key.account != 'default' else ''}"
