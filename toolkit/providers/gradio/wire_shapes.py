"""The shapes of the JSON that a Gradio app answers with. Fields that are not named here are ignored."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class GradioProps(Struct, frozen=True):
    """The settings of a component: its `value` when the page opens, and `type`, which says in what form a chatbot
    before version 6 has its messages."""

    value: Any = None
    type: Any = None


class GradioComponent(Struct):
    """A component of an app's page. If `skip_api`, callers neither give nor get its value."""

    id: int
    type: str = ""
    skip_api: bool = False
    props: GradioProps = GradioProps()


class GradioFunction(Struct):
    """A function of an app. `inputs` and `outputs` are ids of components. Only the app's own page can call a function
    without a name, and one that is private. `targets` are pairs of a component's id and the event there that the page
    calls the function for; `trigger_after` is the id of the function that it is called after. Without `backend_fn` it
    runs in the page alone. If `queue` is False, its answer is there at once."""

    inputs: list[int]
    outputs: list[int]
    api_name: str | bool | None = None
    api_visibility: str = "public"
    show_api: bool = True  # in versions before 6
    id: int = -1
    targets: list[Any] = []
    trigger_after: int | None = None
    backend_fn: bool = True
    queue: bool | None = None

    @property
    def name(self) -> str:
        return self.api_name if isinstance(self.api_name, str) else ""

    @property
    def is_public(self) -> bool:
        """Whether the app's author offers it to callers."""
        return bool(self.name) and self.api_visibility == "public" and self.show_api

    @property
    def is_callable(self) -> bool:
        """Whether it can be called by its name."""
        return bool(self.name) and self.api_visibility != "private" and self.backend_fn


class GradioParameter(Struct):
    """A parameter of a function. `name` is that in the function's Python signature."""

    name: str = field(name="parameter_name", default="")
    default: Any = field(name="parameter_default", default=None)


class GradioEndpoint(Struct):
    """How a function is called."""

    parameters: list[GradioParameter]


class GradioInfo(Struct):
    """An app's `/info`: how its functions are called, by name with a slash before it."""

    named_endpoints: dict[str, GradioEndpoint]


class GradioEvent(Struct):
    """The id of a call that has begun, by which its events are read."""

    event_id: str


class GradioOutputs(Struct):
    """What a function that is not queued answers: a value for each of its outputs."""

    data: list[Any]
