"""What Prometheus is told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.gateway.conftest import KEY, Gateway, gateway_before
from tests.sites.asking import until
from tests.sites.base import Refusal
from tests.sites.scripted import ScriptedSite, delta
from toolkit.gateway import application
from toolkit.gateway.call_log import CallLog, CallRecord
from toolkit.gateway.metrics import Metrics
from toolkit.gateway.served_models import ServedSite
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key


async def samples(gateway: Gateway) -> dict[str, float]:
    """The samples, by their names with labels."""
    answer = await gateway.ask("GET", "/metrics")
    assert answer.status == 200
    lines = [line for line in answer.body.decode().splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


async def test_calls_and_requests(gateway: Gateway) -> None:
    """By provider and outcome, and by endpoint and status; where no such endpoint is, whatever it was is `other`."""
    await gateway.chat()
    await gateway.chat(stream=True)
    gateway.site.ending, gateway.site.frames = "cut", [delta(content="blue")]
    await gateway.chat(stream=True)
    gateway.site.refusals["/api/chat"] = Refusal(429, "slow down")
    await gateway.chat()
    await gateway.ask("GET", "/v1/nothing-of-ours")
    found = await samples(gateway)
    calls = 'toolkit_calls_total{outcome="%s",provider="codelinkava"}'
    assert [found[calls % outcome] for outcome in ("ok", "connection_failed", "rate_limited")] == [2, 1, 1]
    requests = 'toolkit_requests_total{endpoint="%s",status="%d"}'
    assert found[requests % ("/v1/chat/completions", 200)] == 3
    assert found[requests % ("/v1/chat/completions", 429)] == 1
    assert found[requests % ("other", 404)] == 1
    assert found['toolkit_first_piece_seconds_count{provider="codelinkava"}'] == 3
    assert found['toolkit_call_seconds_count{outcome="ok",provider="codelinkava"}'] == 2
    assert found['toolkit_tokens_total{kind="completion",provider="codelinkava"}'] == 4


def test_how_long_calls_took() -> None:
    """As Prometheus has it: how many took at most each time, the longer ones among the last of them, and their sum."""
    calls = CallLog()
    metrics = Metrics(calls)
    for seconds in (0.25, 0.5, 0.75, 700.0):
        record = CallRecord(
            began=0.0,
            model="m",
            site=ServedSite("codelinkava"),
            client="",
            stream=True,
            outcome="ok",
            seconds=seconds,
            first_piece=None,
            prompt_tokens=None,
            completion_tokens=None,
            estimated=False,
        )
        calls.listeners[0](record)
    families = {
        family.name: family.samples for family in text_string_to_metric_families(metrics.write({}, 0.0).decode())
    }
    found = {(sample.name, sample.labels.get("le")): sample.value for sample in families["toolkit_call_seconds"]}
    assert [found["toolkit_call_seconds_bucket", bound] for bound in ("0.5", "1.0", "600.0", "+Inf")] == [2, 3, 3, 4]
    assert found["toolkit_call_seconds_count", None] == 4
    assert found["toolkit_call_seconds_sum", None] == 701.5
    assert families["toolkit_first_piece_seconds"] == []


async def test_what_is_under_way(gateway: Gateway) -> None:
    """Calls that wait, then streams; nothing once the client has gone."""
    gateway.site.hold_after, gateway.site.ending = 0, "hang"
    async with gateway.asking(stream=True) as response:
        await until(lambda: bool(gateway.site.asked))
        found = await samples(gateway)
        assert (found["toolkit_calls_waiting"], found["toolkit_streams"]) == (1, 0)
        gateway.site.hold_after = None
        await response.content.readuntil(b"blue")
        found = await samples(gateway)
        assert (found["toolkit_calls_waiting"], found["toolkit_streams"]) == (0, 1)
    await until(lambda: gateway.site.left == 1)
    found = await samples(gateway)
    assert (found["toolkit_calls_waiting"], found["toolkit_streams"]) == (0, 0)
    assert found['toolkit_calls_total{outcome="cancelled",provider="codelinkava"}'] == 1


async def test_sessions(gateway: Gateway) -> None:
    """As the store has them now, also those that have gone meanwhile."""
    key = Key("codelinkava", gateway.site_origin, "work")
    session = BrowserSession(
        provider="codelinkava", origin=gateway.site_origin, harvested_at=50.0, expires_at=99.0, login_needed_at=60.0
    )
    await gateway.store.save(key, session)
    about = f'{{account="work",provider="codelinkava",site="{gateway.site_origin}"}}'
    found = await samples(gateway)
    assert found[f"toolkit_session_login_needed{about}"] == 1
    assert found[f"toolkit_session_expires_timestamp_seconds{about}"] == 99
    assert found[f"toolkit_session_changed_timestamp_seconds{about}"] == 50
    await gateway.store.delete(key)
    assert not [name for name in await samples(gateway) if 'account="work"' in name]


async def test_nothing_of_what_clients_send(gateway: Gateway) -> None:
    """No text, no name that they made up, no key; and it is for those who have the key."""
    gateway.site.says("an-answer-to-hide")
    await gateway.chat("a-question-to-hide", model="codelinkava/a-name-to-hide")
    await gateway.chat(model="nobody/a-name-to-hide")
    await gateway.ask("GET", "/v1/models/a-path-to-hide?key=a-query-to-hide")
    text = (await gateway.ask("GET", "/metrics")).body.decode()
    assert "to-hide" not in text
    assert KEY not in text
    assert (await gateway.ask("GET", "/metrics", key="")).status == 401


async def test_the_format(gateway: Gateway) -> None:
    """Its content type, and lines that can be read."""
    answer = await gateway.ask("GET", "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    sample = re.compile(r'[a-z_]+(\{([a-z]+="[^"\n]*",?)*\})? [-+.e0-9a-zA-Z]+')
    for line in answer.body.decode().splitlines():
        assert line.startswith("# ") or sample.fullmatch(line), line


async def test_two_servers_in_one_process() -> None:
    """Each counts its own."""
    site = ScriptedSite()
    site.says("blue")
    async with gateway_before(site) as first, gateway_before(site) as second:
        await first.chat()
        calls = 'toolkit_calls_total{outcome="ok",provider="codelinkava"}'
        assert (await samples(first))[calls] == 1
        assert calls not in await samples(second)


async def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """All else works, and the words say what to install."""
    monkeypatch.setattr(application, "is_available", lambda: False)
    site = ScriptedSite()
    site.says("blue")
    async with gateway_before(site) as gateway:
        assert (await gateway.chat()).status == 200
        answer: Any = await gateway.ask("GET", "/metrics")
        assert (answer.status, answer.json["error"]["code"]) == (404, "metrics_not_installed")
        assert "extra `serve`" in answer.json["error"]["message"]
