"""Validates what another package registers as a provider, and says what is wrong with it."""

from __future__ import annotations

from toolkit.errors import UsageError
from toolkit.http.refusal_excerpt import format_excerpt
from toolkit.providers.base import Harvest, Provider, origin
from toolkit.session.site_address import normalize_base_url


def describe_error(error: BaseException) -> str:
    """Describes the `error` that importing a provider of another package raised: part of a sentence, in one line."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - `__str__` is the author's code too
        text = ""
    return format_excerpt(": ".join(filter(None, ["" if type(error) is ValueError else type(error).__name__, text])))


def validate_provider(kind: object, name: str) -> type[Provider]:
    """Returns `kind` if it is a usable provider of the name `name`. Raises `ValueError` if it is not, and whatever its
    constructor raises."""
    if not (isinstance(kind, type) and issubclass(kind, Provider)):
        raise ValueError(f"{kind!r} is not a subclass of toolkit.Provider")
    if getattr(kind, "name", None) != name:
        raise ValueError(f'{kind.__name__} needs the same name, so: name = "{name}"')
    if kind.stream is Provider.stream:
        raise ValueError(f"{kind.__name__} has no `stream` method")
    try:
        if kind.url:
            normalize_base_url(origin(kind.url))
    except (UsageError, ValueError, TypeError, AttributeError):
        raise ValueError(f"{kind.__name__} has a `url` that is not the address of a site") from None
    if not isinstance(kind.harvest, Harvest) or not isinstance(kind.known_models, tuple):
        raise ValueError(f"{kind.__name__} needs a `Harvest` as `harvest`, and a tuple as `known_models`")
    kind(None if kind.url else "https://site.example")  # a constructor that fails would break every list of providers
    return kind
