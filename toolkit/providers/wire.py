"""The shapes of the JSON that sites answer with; what is not named here is passed over when it is read."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class OpenAIDelta(Struct, gc=False):
    content: str | None = None


class OpenAIChoice(Struct, gc=False):
    delta: OpenAIDelta | None = None
    finish_reason: str | None = None


class OpenAIChunk(Struct, gc=False):
    """One `data:` of an OpenAI chat-completions stream; a chunk that only tells the usage has no choice."""

    choices: list[OpenAIChoice] = []
    error: Any = None

    @property
    def error_message(self) -> str:
        """What `error` says, in words."""
        if not isinstance(self.error, dict):
            return str(self.error)
        return str(self.error.get("message") or self.error.get("detail") or self.error)


class OpenAIModel(Struct):
    id: str


class OpenAIModels(Struct):
    """The models of an OpenAI endpoint."""

    data: list[OpenAIModel]


class AuraModel(Struct):
    """Aura: one of its models."""

    id: str


class AssistantModel(Struct):
    """Open Assistant: one of its models."""

    name: str


class AssistantCreated(Struct):
    """Open Assistant: a chat or a message that has been made."""

    id: str


class AssistantMessage(Struct):
    """Open Assistant: a message; `content` is null until it is complete."""

    state: str
    content: str | None = None


class AssistantEvent(Struct):
    """Open Assistant: one event of an answer (the fields that belong to its `event_type` are there)."""

    event_type: str
    text: str = ""
    error: str | None = None
    message: AssistantMessage | None = None
    queue_position: int = 0
    queue_size: int = 0


class GradioComponent(Struct):
    """Gradio: something on an app's page; with `skip_api` callers neither give nor get its value."""

    id: int
    type: str = ""
    skip_api: bool = False


class GradioFunction(Struct):
    """Gradio: one of an app's functions; `inputs` and `outputs` are ids of components. One without a name is for the
    app's page alone."""

    inputs: list[int]
    outputs: list[int]
    api_name: str | bool | None = None
    api_visibility: str = "public"
    show_api: bool = True  # of the versions before 6

    @property
    def name(self) -> str:
        return self.api_name if isinstance(self.api_name, str) else ""


class GradioParameter(Struct):
    """Gradio: something that a function takes; `name` is that of its own argument."""

    name: str = field(name="parameter_name", default="")
    default: Any = field(name="parameter_default", default=None)


class GradioEndpoint(Struct):
    parameters: list[GradioParameter]


class GradioInfo(Struct):
    """Gradio: an app's `/info`, by the names of its functions with a slash before them."""

    named_endpoints: dict[str, GradioEndpoint]


class GradioEvent(Struct):
    """Gradio: a call that has begun."""

    event_id: str


def line_error(document: dict[str, Any]) -> str | None:
    """AiChatOnline: what a line reports instead of text, an `error` or a `code` that is none of success; else None."""
    error, code = document.get("error"), document.get("code")
    if not error and code in (None, 0, 200):
        return None
    told = error.get("message") if isinstance(error, dict) else error
    return str(told or document.get("message") or f"code {code}")
