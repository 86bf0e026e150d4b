"""Checks sessions: those that are stored, those in the environment, and those that are missing."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Mapping

from toolkit.client.client import Client
from toolkit.client.environment_session import find_deployment, session_from_variable, variable_name
from toolkit.client.hints import BOUND, bound_session_hint, command_arguments
from toolkit.client.session_health import PENDING
from toolkit.doctor.check_result import CheckResult, run_check, run_quick_check
from toolkit.errors import AccountPending, ToolkitError, UnknownProvider
from toolkit.providers import registry
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession
from toolkit.session.expiry import is_fresh
from toolkit.stores.base import Key, Store


def check_expiry(key: Key, session: BrowserSession, now: float | None = None) -> CheckResult:
    """Check by its expiry whether a stored session is good. The site is not asked. `now` is in s since the epoch."""
    about = about_session(key)
    try:
        provider = provider_of(key)
    except UnknownProvider as error:
        is_broken = any(plugin.name == key.provider for plugin in registry.broken())
        todo = error.hint if is_broken else "Install the package that it is of."
        return CheckResult(about, "wrong", error.what, todo)
    who = f" of {session.identity}" if session.identity else ""
    if session.api_key is not None:
        if is_fresh(session, time.time() if now is None else now):
            return CheckResult(about, "ok", "It is an API key, good by what is stored.")
        todo = f"Make another one at the site: `toolkit session import {command_arguments(key)} --bearer` reads it."
        return CheckResult(about, "wrong", "It is an API key, which has ended.", todo)
    if is_fresh(session, time.time() if now is None else now):
        return CheckResult(about, "ok", f"The session{who} is good by what is stored.")
    if provider.harvest.can_detect_login and provider.needs_auth:
        todo = f"The next call tries to renew it; where that does not help: `toolkit login {command_arguments(key)}`."
        return CheckResult(about, "note", f"The session{who} has expired.", todo)
    return CheckResult(about, "note", f"The session{who} has expired.", "The next call renews it by itself.")


def check_binding(key: Key, session: BrowserSession) -> list[CheckResult]:
    """Report that a stored session is bound to its browser; nothing for others."""
    if not session.device_bound:
        return []
    return [CheckResult(about_session(key), "note", BOUND, bound_session_hint(command_arguments(key)))]


async def check_online(key: Key, store: Store, seconds: float) -> CheckResult:
    """Ask the site whether it accepts a stored session, for at most `seconds`."""
    about = about_session(key)

    async def ask() -> list[CheckResult]:
        provider = provider_of(key)
        async with Client(provider, account=key.account, store=store) as client:
            health = await client.check(seconds=math.inf)  # limited below
        who = f" of {health.identity}" if health.identity else ""
        if health.state == PENDING:
            what = f"The site takes the session{who}, but the account waits for its approval."
            return [CheckResult(about, "wrong", what, AccountPending.hint)]
        return [CheckResult(about, "ok", f"The site takes the session{who}.")]

    return (await run_check(about, seconds, ask()))[0]


async def check_stored(
    sessions: Mapping[Key, BrowserSession], store: Store, online_seconds: float | None
) -> list[CheckResult]:
    """Check all stored `sessions`: by asking their sites, all at the same time, for at most `online_seconds`; or, if
    that is None, by what is stored."""
    bound = [result for key, session in sessions.items() for result in check_binding(key, session)]
    if online_seconds is not None:
        asked = await asyncio.gather(*(check_online(key, store, online_seconds) for key in sessions))
        return [*asked, *bound]
    results: list[CheckResult] = []
    for key, session in sessions.items():
        results += run_quick_check(about_session(key), lambda: [check_expiry(key, session)])  # noqa: B023 - called at once
    return [*results, *bound]


def check_has_session(
    name: str, sessions: Mapping[Key, BrowserSession], environ: Mapping[str, str] = os.environ
) -> list[CheckResult]:
    """Report that there is no session for the provider `name`; nothing where there is one. Raises `UnknownProvider`."""
    kind = registry.find(name)
    if any(key.provider == kind.name for key in sessions) or environ.get(variable_name(kind.name)):
        return []
    url = "" if kind.public_site() and kind.working else " --base-url URL"
    if kind.needs_auth:
        todo = f"`toolkit login {kind.name}{url}`"
        return [CheckResult(kind.name, "wrong", "There is no session, and the site wants a login.", todo)]
    return [CheckResult(kind.name, "ok", "There is no session; the first call makes one.")]


def check_environment(environ: Mapping[str, str], names: tuple[str, ...]) -> list[CheckResult]:
    """Check the sessions that variables of `environ` hold for the default accounts of the providers `names`."""
    results = []
    for name in names:
        if not (secret := environ.get(variable_name(name))):
            continue
        try:
            kind = registry.find(name)
            origin = find_deployment(secret, variable_name(name), kind)
            if not origin and not kind.public_site():
                what = f"{variable_name(name)} hands in a session that does not tell which deployment it is for."
                results.append(CheckResult(name, "note", what, "Calls name it: `--base-url URL`."))
                continue
            provider = kind(origin if origin and origin != kind.public_site() else None)
            session = session_from_variable(provider, secret, variable_name(name))
        except ToolkitError as error:
            results.append(CheckResult(name, "wrong", error.what, error.hint))
            continue
        fresh = is_fresh(session, time.time())
        what = f"{variable_name(name)} hands in a session{'' if fresh else ' that has expired'}, which comes first."
        todo = "" if fresh else "Put a new one there: `toolkit session export`."
        results.append(CheckResult(name, "ok" if fresh else "wrong", what, todo))
    return results


def provider_of(key: Key) -> Provider:
    """The provider that a session is for, with the session's site. Raises `UnknownProvider`."""
    kind = registry.find(key.provider)
    return kind(key.origin if key.origin != kind.public_site() else None)


def about_session(key: Key) -> str:
    """What `CheckResult.about` calls a session."""
    return f"{key.provider} {key.origin}{f' {key.account}' if key.account != 'default' else ''}"
