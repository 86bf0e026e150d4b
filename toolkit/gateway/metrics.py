"""What a server counts for Prometheus, where `prometheus-client` is installed.

Names and units follow https://prometheus.io/docs/practices/naming/. Labels hold what the person has configured and
codes of this server, never what a client sends. Every server has a registry of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib.util import find_spec

from toolkit.gateway.call_log import CallLog, CallRecord
from toolkit.session.browser_session import BrowserSession
from toolkit.session.session_state import session_state
from toolkit.stores.base import Key

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FIRST_PIECE_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)  # seconds
CALL_BUCKETS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


def is_available() -> bool:
    """Whether the library is installed."""
    return find_spec("prometheus_client") is not None


class Metrics:
    """The counts of one server, whose calls are in `calls`."""

    def __init__(self, calls: CallLog) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

        registry = CollectorRegistry()
        self._generate = partial(generate_latest, registry)
        self._requests = Counter("toolkit_requests", "Requests of clients.", ("endpoint", "status"), registry=registry)
        self._calls = Counter("toolkit_calls", "Calls at sites.", ("provider", "outcome"), registry=registry)
        self._first_piece = Histogram(
            "toolkit_first_piece_seconds",
            "From a call's beginning until something of its answer.",
            ("provider",),
            buckets=FIRST_PIECE_BUCKETS,
            registry=registry,
        )
        self._seconds = Histogram(
            "toolkit_call_seconds",
            "From a call's beginning to its end.",
            ("provider", "outcome"),
            buckets=CALL_BUCKETS,
            registry=registry,
        )
        self._tokens = Counter(
            "toolkit_tokens", "Tokens, the sites' own or estimated.", ("provider", "kind"), registry=registry
        )
        about = ("provider", "site", "account")
        self._needs_login = Gauge(
            "toolkit_session_login_needed", "Whether only a person can renew the session.", about, registry=registry
        )
        self._expires = Gauge(
            "toolkit_session_expires_timestamp_seconds", "When the session expires.", about, registry=registry
        )
        self._changed = Gauge(
            "toolkit_session_changed_timestamp_seconds",
            "When the session was last renewed, or changed by its site.",
            about,
            registry=registry,
        )
        waiting = Gauge("toolkit_calls_waiting", "Calls without anything of their answer yet.", registry=registry)
        waiting.set_function(lambda: calls.waiting)
        streams = Gauge("toolkit_streams", "Streamed answers on their way.", registry=registry)
        streams.set_function(lambda: calls.streams)
        calls.listeners.append(self._count_call)

    def count_request(self, endpoint: str, status: int) -> None:
        """Count a request that was answered with `status`; `endpoint` is a path of the server's own, or `other`."""
        self._requests.labels(endpoint, str(status)).inc()

    def write(self, sessions: Mapping[Key, BrowserSession], now: float) -> bytes:
        """All counts as Prometheus reads them, with the state of `sessions` at `now`, in seconds since 1970."""
        for gauge in (self._needs_login, self._expires, self._changed):
            gauge.clear()  # of sessions that are gone
        for key, session in sessions.items():
            about = (key.provider, key.origin, key.account)
            self._needs_login.labels(*about).set(session_state(session, now) == "login needed")
            if session.expires_at is not None:
                self._expires.labels(*about).set(session.expires_at)
            if changed_at := max(session.harvested_at, session.changed_at):
                self._changed.labels(*about).set(changed_at)
        return self._generate()

    def _count_call(self, record: CallRecord) -> None:
        provider = record.site.provider
        self._calls.labels(provider, record.outcome).inc()
        self._seconds.labels(provider, record.outcome).observe(record.seconds)
        if record.first_piece is not None:
            self._first_piece.labels(provider).observe(record.first_piece)
        for kind, tokens in (("prompt", record.prompt_tokens), ("completion", record.completion_tokens)):
            if tokens is not None:
                self._tokens.labels(provider, kind).inc(tokens)
