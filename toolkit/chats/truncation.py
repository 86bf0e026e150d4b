"""Which answers the site has cut, by the reason that it gives for their end. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.errors import AnswerTruncated

# The reasons for the end after which an answer is whole. All others, also those that are not known here, mean that it
# is not.
WHOLE = frozenset({"stop", "tool_calls", "refusal"})
CUT = {
    "length": ("The site cut the answer at its limit of tokens.", "Set `max_tokens`, or ask for the rest."),
    "content_filter": ("The site's content filter cut the answer.", "Ask in other words, or ask another model."),
}


def truncation_error(reason: str | None, texts: Iterable[str], provider: str | None) -> AnswerTruncated | None:
    """The error for an answer of `texts` that ended for `reason`; None for one that is whole, or has not ended."""
    if reason is None or reason in WHOLE:
        return None
    what, hint = CUT.get(reason, (f"The site cut its answer ({reason}).", None))
    error = AnswerTruncated(what, provider=provider, hint=hint)
    error.finish_reason, error.text = reason, "".join(texts)
    return error
