"""Finds the site's list of models: the answer that names the model that was asked. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.scaffold.exchange import Exchange, place_name, value_at
from toolkit.scaffold.facts import Evidence, Models, Parts, Place, Step
from toolkit.scaffold.sources import Told

KEY = ""  # the name of a value in an item of the list, among its values by model
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
        return Models(_step(exchange), dotted, model, (evidence,), _follows(exchange, path[:number], inner, model))
    return None


def _follows(exchange: Exchange, before: Place, inner: Place, model: str) -> dict[str, dict[str, str]]:
    """What else the list says of each model, by what it says of `model`; `KEY` is the name of it there."""
    items = [item for item in value_at(exchange.document, before) if isinstance(item, dict)] if inner else []
    asked = next((item for item in items if value_at(item, inner) == model), {})
    return {
        value: {KEY: key, **{str(value_at(item, inner)): str(item.get(key, "")) for item in items}}
        for key, value in asked.items()
        if isinstance(value, str) and value != model
    }


def _step(exchange: Exchange) -> Step:
    return Step(
        entry=exchange.number,
        method=exchange.method,
        path=Parts(("/" + "/".join(exchange.path),)),
        query=dict(exchange.query),
        headers=dict(exchange.headers),
        body_kind=exchange.body_kind,  # type: ignore[arg-type]
        body=exchange.body,
        why="It is answered with the list of models.",
    )
