"""Finds the functions that the page of a Gradio app calls for one question, and where the answer stands. Pure."""

from __future__ import annotations

from typing import NamedTuple

from toolkit.errors import UsageError
from toolkit.providers.gradio.app_config import AppConfig
from toolkit.providers.gradio.arguments import format_names
from toolkit.providers.gradio.wire_shapes import GradioFunction

BOXES = ("textbox", "multimodaltextbox")
EVENTS = ("submit", "click")  # by which people send what they have typed
TEXTS = ("textbox", "markdown", "json", "html", "code", "label", "number")  # the types of outputs that can be an answer
SINCE = 6  # the version of Gradio whose functions with a state were measured to work in a session of ours


class ChatFlow(NamedTuple):
    """The functions to call, in order. `box` is the component that takes the question, `answer` the one in which the
    last of them puts its answer: a chatbot with the whole conversation, or some other output."""

    box: int
    steps: tuple[GradioFunction, ...]
    answer: int

    @property
    def inputs(self) -> set[int]:
        """All that the functions take."""
        return {number for step in self.steps for number in step.inputs}

    @property
    def name(self) -> str:
        """The name of the function that answers."""
        return self.steps[-1].name

    def states(self, app: AppConfig) -> set[int]:
        """What `app` keeps of the session for the functions."""
        return {number for step in self.steps for number in app.states(step)}


def find_chat_flow(app: AppConfig, wanted: str | None) -> ChatFlow:
    """The flow of `app` that begins with the function of the name `wanted`; if that is None, the only one.

    It is what the app's page does when a text is sent, up to the last function that changes the chatbot: with
    `gr.Blocks` that is often one function that adds the question, and another after it that answers. An app whose page
    does not tell has one public function that takes a text. `wanted` can also be a function that the page calls later,
    since errors name those. Raises `UsageError` where the chat cannot be told.
    """
    flows = _page_flows(app)
    public = [one for one in app.dependencies if one.is_public and one.backend_fn]
    if wanted is not None:
        name = str(wanted).lstrip("/")
        matching = [one for one in public if one.name == name]
        flows = [flow for flow in flows if flow.steps[0].name == name] or (
            [] if matching else [flow for flow in flows if name in (step.name for step in flow.steps)]
        )
    else:
        matching = _chat_functions(app, public)
    if len(flows) == 1:
        return flows[0]
    if not flows and len(matching) == 1:
        return _single(app, matching[0])
    number = len(flows or matching) or "no"
    problem = "no function of that name" if wanted is not None and not matching else f"{number} chat functions"
    offered = flows[:] if len(flows) > 1 and wanted is None else []
    names = format_names([flow.steps[0].name for flow in offered] or [one.name for one in public]) or "none"
    raise UsageError(f"The app has {problem}.", hint=f"Name one of its functions as `fn`: {names}.")


def _chat_functions(app: AppConfig, public: list[GradioFunction]) -> list[GradioFunction]:
    """Those of `public` that can be the chat: they take a text first and, in a `ChatInterface`, keep the history."""
    text_first = [one for one in public if app.first(one.inputs[:1], *BOXES) is not None]
    named_chat = [one for one in text_first if one.name == "chat"]
    return named_chat or [one for one in text_first if app.states(one)] or text_first


def _single(app: AppConfig, function: GradioFunction) -> ChatFlow:
    """The flow of one function alone."""
    box = app.first(function.inputs, *BOXES)
    if box is None:
        raise UsageError(f"The app's function {format_names([function.name])} takes no text.")
    shown = [number for number in function.outputs if number != box and app.type(number) != "state"]
    answer = app.first(function.outputs, "chatbot")
    if answer is None:
        answer = app.first(shown, *TEXTS)
    if answer is None:
        answer = next(iter([*shown, *function.outputs]), None)
    if answer is None:
        raise UsageError(f"The app's function {format_names([function.name])} has no output, so no answer.")
    return ChatFlow(box, (function,), answer)


def _page_flows(app: AppConfig) -> list[ChatFlow]:
    """What the page does when a text is sent, each way once: a button usually does the same as the key."""
    following: dict[int, list[GradioFunction]] = {}
    for one in app.dependencies:
        if one.trigger_after is not None:
            following.setdefault(one.trigger_after, []).append(one)
    flows: list[ChatFlow] = []
    for start in app.dependencies:
        events = {str(target[1]) for target in start.targets if isinstance(target, list | tuple) and len(target) == 2}
        if start.trigger_after is None and events & set(EVENTS):
            flow = _flow_from(app, start, following)
            if flow is not None and flow.box not in [other.box for other in flows]:
                flows.append(flow)
    return flows


def _flow_from(app: AppConfig, start: GradioFunction, following: dict[int, list[GradioFunction]]) -> ChatFlow | None:
    """The flow that begins with `start`, None if it takes no text or changes no chatbot."""
    own = [target[0] for target in start.targets if isinstance(target, list | tuple) and target[0] in start.inputs]
    box = app.first([*own, *start.inputs], *BOXES)
    if box is None:
        return None
    paths: list[tuple[GradioFunction, ...]] = [(start,)]
    last: tuple[GradioFunction, ...] | None = None
    for path in paths:  # which grows meanwhile: breadth first, in the order of the page
        if app.first(path[-1].outputs, "chatbot") is not None:
            last = path
        paths += [(*path, one) for one in following.get(path[-1].id, ()) if one not in path]
    if last is None:
        return None
    steps = tuple(step for step in last if step.backend_fn)
    answer = app.first(steps[-1].outputs, "chatbot") if steps else None
    if answer is None or not all(step.is_callable for step in steps):
        return None
    flow = ChatFlow(box, steps, answer)
    return None if flow.states(app) and app.major < SINCE else flow
