"""`toolkit session list` and `show`: what is known of the sessions that are kept, without their secrets."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import SessionOptions, session_options

if TYPE_CHECKING:
    from toolkit.session.value import BrowserSession, Cookie
    from toolkit.stores.base import Key

TITLES = ("provider", "site", "account", "signed in", "age", "expires", "state")


@click.command("list", short_help="List the sessions that are kept.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list; times are in seconds since 1970.")
@session_options
def list_sessions(as_json: bool, options: SessionOptions) -> None:
    """List the sessions that are kept: of which site and account, who is signed in, how old, how long good.

    The state tells what is stored (ok, expires soon, expired, login needed); `toolkit session check` asks the sites.
    """
    from toolkit.cli.run import start_runner
    from toolkit.cli.stored import load_sessions
    from toolkit.cli.table import duration, print_table, state
    from toolkit.cli.unreadable import collect_unreadable
    from toolkit.errors import StoreError

    with start_runner() as work, collect_unreadable() as failures:
        kept = work.run(load_sessions(options))
    if failures and not kept:
        raise StoreError("There are sessions, and none of them can be opened.", hint="The notes above say why.")
    now = time.time()
    if as_json:
        click.echo(json.dumps([_summary(key, session, now) for key, session in kept.items()], indent=1))
        return
    if not kept:
        click.echo("There are no sessions. `toolkit login PROVIDER` and `toolkit harvest PROVIDER` make one.", err=True)
        return
    rows = []
    for key, session in kept.items():
        age = duration(now - session.harvested_at) if session.harvested_at else "not known"
        ends = session.expires_at
        left = "not known" if ends is None else duration(ends - now) if ends > now else f"{duration(now - ends)} ago"
        rows.append((*key, session.identity or "not known", age, left, state(session, now)))
    print_table(TITLES, rows)


def _summary(key: Key, session: BrowserSession, now: float) -> dict[str, Any]:
    from toolkit.cli.table import state

    return {
        "provider": key.provider,
        "site": key.origin,
        "account": key.account,
        "identity": session.identity,
        "harvested_at": session.harvested_at or None,
        "expires_at": session.expires_at,
        "state": state(session, now),
    }


@click.command(short_help="Show what is known of a session.")
@click.argument("provider")
@click.option("--values", is_flag=True, help="Show the values of cookies, headers and storage too: they are secrets.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; values that are hidden are null.")
@session_options
def show(provider: str, values: bool, as_json: bool, options: SessionOptions) -> None:
    """Show what is known of the session of PROVIDER. Values stay hidden, but for headers that are no secret."""
    from toolkit.cli.run import start_runner
    from toolkit.cli.stored import StoredSession
    from toolkit.cli.table import print_table
    from toolkit.cli.terminal import printable

    now = time.time()
    with start_runner() as work:
        stored = work.run(StoredSession.find(provider, options))
        session = work.run(stored.load())
    if as_json:
        document = {**_facts(session, values), **_summary(stored.key, session, now)}
        click.echo(json.dumps(document, indent=1))
        return
    for title, text in _lines(stored.key, session, values, now).items():
        click.echo(printable(f"{title + ':':<10} {text}"))
    if session.cookies:
        titles = ("cookie", "domain", "path", "expires", "attributes")
        click.echo()
        print_table((*titles, "value") if values else titles, [_row(cookie, values) for cookie in session.cookies])
    for kind, items in _items(session, values):
        click.echo(printable(f"\n{kind}"))
        for name, value in items.items():
            click.echo(printable(f"  {name}: {value}"))


def _lines(key: Key, session: BrowserSession, values: bool, now: float) -> dict[str, str]:
    """The plain facts, by title."""
    from toolkit.cli.table import duration, format_time, state, validity
    from toolkit.errors import redact_url

    made = session.harvested_at
    proxy = session.proxy if values or session.proxy is None else redact_url(session.proxy)
    lines = {
        "provider": key.provider,
        "site": key.origin,
        "account": key.account,
        "signed in": session.identity or "",
        "made": f"{format_time(made)} ({duration(now - made)} ago)" if made else "not known",
        "state": validity(session) if session.expired(now) else f"{state(session, now)}, {validity(session)}",
        "profile": session.profile,
        "proxy": proxy or "",
    }
    return {title: text for title, text in lines.items() if text}


def _items(session: BrowserSession, values: bool) -> list[tuple[str, dict[str, str]]]:
    """The headers and the local storage, by name; values that may be secret are hidden unless `values`."""
    from toolkit.session.headers import is_browser_header
    from toolkit.session.value import HIDDEN

    headers = {name: value if values or is_browser_header(name) else HIDDEN for name, value in session.headers.items()}
    found = [("headers", headers)] if headers else []
    for origin, items in session.local_storage.items():
        found.append((f"local storage of {origin}", items if values else dict.fromkeys(items, HIDDEN)))
    return found


def _row(cookie: Cookie, values: bool) -> tuple[str, ...]:
    from toolkit.cli.table import format_time

    flags = {"HttpOnly": cookie.http_only, "Secure": cookie.secure, f"SameSite={cookie.same_site}": True}
    flags["Partitioned"] = cookie.partition_key is not None
    row = (
        cookie.name,
        cookie.domain if cookie.host_only else f".{cookie.domain}",
        cookie.path,
        "with the browser" if cookie.expires is None else format_time(cookie.expires),
        " ".join(flag for flag, there in flags.items() if there),
    )
    return (*row, cookie.value) if values else row


def _facts(session: BrowserSession, values: bool) -> dict[str, Any]:
    """Everything, as JSON has it; without `values`, null in the place of each that may be secret."""
    import msgspec

    from toolkit.errors import redact_url
    from toolkit.session.headers import is_browser_header

    facts: dict[str, Any] = msgspec.to_builtins(session)
    if not values:
        facts["cookies"] = [{**cookie, "value": None} for cookie in facts["cookies"]]
        facts["headers"] = {name: value if is_browser_header(name) else None for name, value in session.headers.items()}
        facts["local_storage"] = {place: dict.fromkeys(items) for place, items in session.local_storage.items()}
        facts["proxy"] = session.proxy and redact_url(session.proxy)
    return facts
