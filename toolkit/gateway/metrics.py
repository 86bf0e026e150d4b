"""What a server counts for Prometheus, where `prometheus-client` is installed.

Names and units follow https://prometheus.io/docs/practices/naming/. Labels hold what the person has configured and
codes of this server, never what a client sends. Every server has counts of its own. They are plain numbers, which cost
a call next to nothing; the library is loaded when somebody asks for them, and writes them
(https://prometheus.github.io/client_python/collector/custom/).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from toolkit.gateway.call_log import CallLog, CallRecord
from toolkit.session.browser_session import BrowserSession
from toolkit.session.session_state import session_state
from toolkit.stores.base import Key

if TYPE_CHECKING:
    from prometheus_client import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FIRST_PIECE_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)  # seconds
FIRST_PIECE = "From a call's beginning until something of its answer."
CALL_BUCKETS = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)

Labels = tuple[str, ...]


def is_available() -> bool:
    """Whether the library is installed."""
    return find_spec("prometheus_client") is not None


class Metrics:
    """The counts of one server, whose calls are in `calls`."""

    def __init__(self, calls: CallLog) -> None:
        self._running = calls
        self._requests, self._calls, self._tokens = Counter[Labels](), Counter[Labels](), Counter[Labels]()
        self._first_piece, self._seconds = _Distribution(FIRST_PIECE_BUCKETS), _Distribution(CALL_BUCKETS)
        calls.listeners.append(self._count_call)

    def count_request(self, endpoint: str, status: int) -> None:
        """Count a request that was answered with `status`; `endpoint` is a path of the server's own, or `other`."""
        self._requests[endpoint, str(status)] += 1

    def write(self, sessions: Mapping[Key, BrowserSession], now: float) -> bytes:
        """All counts as Prometheus reads them, with the state of `sessions` at `now`, in seconds since 1970."""
        from prometheus_client import generate_latest

        return generate_latest(_Collected([*self._counts(), *_session_gauges(sessions, now)]))

    def _counts(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        for name, text, about, counts in (
            ("toolkit_requests", "Requests of clients.", ("endpoint", "status"), self._requests),
            ("toolkit_calls", "Calls at sites.", ("provider", "outcome"), self._calls),
            ("toolkit_tokens", "Tokens, the sites' own or estimated.", ("provider", "kind"), self._tokens),
        ):
            counter = CounterMetricFamily(name, text, labels=about)
            for labels, count in counts.items():
                counter.add_metric(labels, count)
            yield counter
        for name, text, labelled, distribution in (
            ("toolkit_first_piece_seconds", FIRST_PIECE, ["provider"], self._first_piece),
            ("toolkit_call_seconds", "From a call's beginning to its end.", ["provider", "outcome"], self._seconds),
        ):
            histogram = HistogramMetricFamily(name, text, labels=labelled)
            for labels, counts_up_to, total in distribution.rows():
                histogram.add_metric(labels, counts_up_to, total)
            yield histogram
        waiting, streams = "Calls without anything of their answer yet.", "Streamed answers on their way."
        yield GaugeMetricFamily("toolkit_calls_waiting", waiting, self._running.waiting)
        yield GaugeMetricFamily("toolkit_streams", streams, self._running.streams)

    def _count_call(self, record: CallRecord) -> None:
        provider = record.site.provider
        self._calls[provider, record.outcome] += 1
        self._seconds.add((provider, record.outcome), record.seconds)
        if record.first_piece is not None:
            self._first_piece.add((provider,), record.first_piece)
        for kind, tokens in (("prompt", record.prompt_tokens), ("completion", record.completion_tokens)):
            if tokens is not None:
                self._tokens[provider, kind] += tokens


class _Distribution:
    """How many values there were up to each of `bounds`, and their sum, by labels."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts: dict[Labels, list[int]] = {}  # of the values above the bound before, the last above all of them
        self._sums: dict[Labels, float] = {}

    def add(self, labels: Labels, value: float) -> None:
        counts = self._counts.setdefault(labels, [0] * (len(self._bounds) + 1))
        counts[bisect_left(self._bounds, value)] += 1
        self._sums[labels] = self._sums.get(labels, 0.0) + value

    def rows(self) -> Iterator[tuple[Labels, list[tuple[str, float]], float]]:
        """Of each labels: how many values were at most each bound, and the sum."""
        bounds = (*map(str, self._bounds), "+Inf")
        for labels, counts in self._counts.items():
            yield labels, list(zip(bounds, accumulate(counts), strict=True)), self._sums[labels]


class _Collected(NamedTuple):
    """What the library writes."""

    metrics: Iterable[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.metrics


def _session_gauges(sessions: Mapping[Key, BrowserSession], now: float) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    about = ("provider", "site", "account")
    login = "Whether only a person can renew the session."
    needs_login = GaugeMetricFamily("toolkit_session_login_needed", login, labels=about)
    expires = GaugeMetricFamily("toolkit_session_expires_timestamp_seconds", "When the session expires.", labels=about)
    change = "When the session was last renewed, or changed by its site."
    changed = GaugeMetricFamily("toolkit_session_changed_timestamp_seconds", change, labels=about)
    for key, session in sessions.items():
        labels = (key.provider, key.origin, key.account)
        needs_login.add_metric(labels, session_state(session, now) == "login needed")
        if session.expires_at is not None:
            expires.add_metric(labels, session.expires_at)
        if changed_at := max(session.harvested_at, session.changed_at):
            changed.add_metric(labels, changed_at)
    return iter((needs_login, expires, changed))
