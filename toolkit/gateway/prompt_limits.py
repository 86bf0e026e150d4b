"""Refuses a prompt that a site is known not to take, before it is sent. Pure.

Agents send up to 80 KB with each question. Chat sites cut such a prompt without a word, or refuse it after a while.
"""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.gateway.answer_summary import estimate_prompt
from toolkit.gateway.error_answers import Refused, too_long
from toolkit.gateway.question import Question
from toolkit.gateway.served_models import ServedModel


def limit_of(model: ServedModel, limits: Mapping[str, int]) -> int | None:
    """The most tokens of a prompt for `model`; None where there is no limit. `limits` are by the names of sites and
    models; the name that says most counts."""
    provider, site = model.site.provider, model.site.name
    models = (f"{site}/{model.model}", f"{provider}/{model.model}") if model.model else ()
    return next((limits[name] for name in (*models, site, provider) if name in limits), None)


def check_prompt(question: Question, model: ServedModel, limits: Mapping[str, int]) -> None:
    """Raise `Refused` where `question` is longer than `limits` allow for `model`."""
    limit = limit_of(model, limits)
    if limit is None or (tokens := estimate_prompt(question)) <= limit:
        return
    what = (  # by words of OpenAI's and of Anthropic's, for clients that look for these
        f"{model.site.name}: prompt is too long: {tokens} tokens > {limit} maximum. This model's maximum context "
        f"length is {limit} tokens: `longest_prompts` in the server's settings says so."
    )
    raise Refused(too_long(question.field, what))
