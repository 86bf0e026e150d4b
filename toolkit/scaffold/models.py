"""Finds the site's list of models: the answer that names the model that was asked. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolkit.scaffold.exchange import Exchange, place_name
from toolkit.scaffold.facts import Evidence, Models, Parts, Step
from toolkit.scaffold.sources import Told

NAMES = ("id", "name", "slug", "key", "model", "value", "model_id", "modelId")


def find_models(exchanges: Sequence[Exchange], told: Told, model: str, before: int) -> Models | None:
    """Returns the list that holds `model`, of an answer before the request at `before`; None if the page fetched none.

    Only a request without values of a call can ask for it again.
    """
    for source in told.sources(model, before):
        path = source.taken.path
        if source.taken.how != "json":
            continue
        number = next((n for n in reversed(range(len(path))) if isinstance(path[n], int)), None)
        if number is None or len(path) - number > 2:
            continue
        inner = path[number + 1 :]
        if inner and inner[0] not in NAMES:
            continue
        exchange = source.exchange
        if exchange.method not in ("GET", "POST") or exchange.headers.get("authorization"):
            continue
        dotted = ".".join(map(str, (*path[:number], "[]", *inner)))
        evidence = Evidence(
            exchange.number, f"response.body{place_name((*path[:number],))}[*]{''.join(f'.{k}' for k in inner)}"
        )
        return Models(_step(exchange), dotted, model, (evidence,))
    return None


def _step(exchange: Exchange) -> Step:
    return Step(
        entry=exchange.number,
        method=exchange.method,
        path=Parts(("/" + "/".join(exchange.path),)),
        query=dict(exchange.query),
        headers=dict(exchange.headers),
        body_kind=exchange.body_kind,  # type: ignore[arg-type]
        body=_plain(exchange.body),
        why="It is answered with the list of models.",
    )


def _plain(body: Any) -> Any:
    return body
