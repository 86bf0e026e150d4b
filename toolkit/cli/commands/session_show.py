"""`toolkit session show`: shows what is known of a stored session, without its secrets unless `--values` is given."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import SessionOptions, session_options
from toolkit.cli.output import echo, echo_json
from toolkit.cli.table import Column

if TYPE_CHECKING:
    from toolkit.session.browser_session import BrowserSession, Cookie
    from toolkit.stores.base import Key


def _cookie_expiry(cookie: Cookie) -> str:
    from toolkit.cli.time_format import format_time

    return "with the browser" if cookie.expires is None else format_time(cookie.expires)


def _cookie_attributes(cookie: Cookie) -> str:
    attributes = {
        "HttpOnly": cookie.http_only,
        "Secure": cookie.secure,
        f"SameSite={cookie.same_site}": True,
        "Partitioned": cookie.partition_key is not None,
    }
    return " ".join(name for name, is_set in attributes.items() if is_set)


COOKIE_COLUMNS: tuple[Column[Cookie], ...] = (
    Column("cookie", lambda cookie: cookie.name),
    Column("domain", lambda cookie: cookie.domain if cookie.host_only else f".{cookie.domain}"),
    Column("path", lambda cookie: cookie.path),
    Column("expires", _cookie_expiry),
    Column("attributes", _cookie_attributes),
)
VALUE_COLUMN: Column[Cookie] = Column("value", lambda cookie: cookie.value)


@click.command("show", short_help="Show what is known of a session.")
@click.argument("provider")
@click.option("--values", is_flag=True, help="Show the values of cookies, headers and storage too: they are secrets.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; values that are hidden are null.")
@session_options
def session_show(provider: str, values: bool, as_json: bool, options: SessionOptions) -> None:
    """Show what is known of the session of PROVIDER. Values stay hidden, but for headers that are no secret."""
    from toolkit.cli.runner import start_runner
    from toolkit.cli.session_binding_note import note_binding
    from toolkit.cli.session_columns import COLUMNS, SessionRow
    from toolkit.cli.stored_sessions import StoredSession
    from toolkit.cli.table import json_object

    now = time.time()
    with start_runner() as runner:
        stored = runner.run(StoredSession.find(provider, options))
        session = runner.run(stored.load())
    if as_json:
        summary = json_object(COLUMNS, SessionRow(stored.key, session, now))
        echo_json({**_session_as_json(session, values), **summary})
    else:
        _print_session(stored.key, session, values, now)
    note_binding([(stored.key, session)])


def _print_session(key: Key, session: BrowserSession, values: bool, now: float) -> None:
    from toolkit.cli.table import print_table

    for title, text in _facts(key, session, values, now).items():
        echo(f"{title + ':':<10} {text}")
    if session.cookies:
        echo()
        print_table((*COOKIE_COLUMNS, VALUE_COLUMN) if values else COOKIE_COLUMNS, session.cookies)
    for title, items in _headers_and_storage(session, values):
        echo("", title)
        for name, value in items.items():
            echo(f"  {name}: {value}")


def _facts(key: Key, session: BrowserSession, values: bool, now: float) -> dict[str, str]:
    """Returns the facts that fit on one line each, by title; without those that are not known."""
    from toolkit.cli.session_summary import last_check, validity
    from toolkit.cli.time_format import format_duration, format_time
    from toolkit.errors import redact_url
    from toolkit.session.session_state import session_kind, session_state

    harvested = "not known"
    if session.harvested_at:
        harvested = f"{format_time(session.harvested_at)} ({format_duration(now - session.harvested_at)} ago)"
    proxy = session.proxy if values or session.proxy is None else redact_url(session.proxy)
    facts = {
        "provider": key.provider,
        "site": key.origin,
        "account": key.account,
        "signed in": session.identity or "",
        "kind": session_kind(session),
        "made": harvested,
        "state": validity(session) if session.expired(now) else f"{session_state(session, now)}, {validity(session)}",
        "checked": last_check(session, now),
        "profile": session.profile,
        "proxy": proxy or "",
    }
    return {title: text for title, text in facts.items() if text}


def _headers_and_storage(session: BrowserSession, values: bool) -> list[tuple[str, dict[str, str]]]:
    """Returns headers and storage, each under a title. Values that may be secret are hidden unless `values`."""
    import json

    from toolkit.session.browser_headers import is_browser_header
    from toolkit.session.browser_session import HIDDEN
    from toolkit.session.stored_values import objects_in

    key = [("API key", {"bearer": session.api_key if values else HIDDEN})] if session.api_key is not None else []
    headers = {name: value if values or is_browser_header(name) else HIDDEN for name, value in session.headers.items()}
    sections = [*key, *([("headers", headers)] if headers else [])]
    for title, storage in (("local", session.local_storage), ("session", session.session_storage)):
        for origin, items in storage.items():
            sections.append((f"{title} storage of {origin}", items if values else dict.fromkeys(items, HIDDEN)))
    for origin, databases in session.indexed_db.items():
        shown = {
            f"{one.get('name')}/{store.get('name')}": json.dumps(store.get("records")) if values else HIDDEN
            for one in databases
            for store in objects_in(one, "stores")
        }
        sections.append((f"IndexedDB of {origin}", shown))
    return sections


def _session_as_json(session: BrowserSession, values: bool) -> dict[str, Any]:
    """Returns all fields of a session. Unless `values`, each value that may be secret is None."""
    import msgspec

    from toolkit.errors import redact_url
    from toolkit.session.browser_headers import is_browser_header

    document: dict[str, Any] = msgspec.to_builtins(session)
    if not values:
        document["cookies"] = [{**cookie, "value": None} for cookie in document["cookies"]]
        document["headers"] = {
            name: value if is_browser_header(name) else None for name, value in session.headers.items()
        }
        for field in ("local_storage", "session_storage"):
            document[field] = {origin: dict.fromkeys(items) for origin, items in getattr(session, field).items()}
        document["indexed_db"] = {
            origin: dict.fromkeys(str(one.get("name")) for one in databases)
            for origin, databases in session.indexed_db.items()
        }
        document["proxy"] = session.proxy and redact_url(session.proxy)
        document["api_key"] = None
    return document
