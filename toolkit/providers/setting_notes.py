"""What a caller should know of the settings of a call: which of them the site has no place for, and the like. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from toolkit.chats.messages import ChatRequest

if TYPE_CHECKING:
    from toolkit.providers.base import Provider


def setting_notes(provider: Provider, request: ChatRequest) -> Iterator[str]:
    """A sentence for each setting of `request` that does not do what its name says, or may not: one that the protocol
    of `provider` has no place for, one that means something else there, one that is passed on unchecked."""
    if request.model and not provider.takes_model(request.model):
        yield f"{provider.name} cannot be told model, and answers with its own"
    for name, value in (("temperature", request.temperature), ("max_tokens", request.max_tokens)):
        if value is None:
            continue
        if name not in provider.options:
            yield f"{provider.name} cannot be told {name}"
        elif name in provider.option_notes:
            yield f"{name} is at {provider.name} {provider.option_notes[name]}"
    if not provider.refuses_unknown:
        for name in request.options:
            if name not in provider.options:
                yield f"{provider.name} does not know the option {name}, and passes it on as it is"
