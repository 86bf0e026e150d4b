"""The shapes of the JSON that a Gradio app answers with. Fields that are not named here are ignored."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class GradioComponent(Struct):
    """A component of an app's page. If `skip_api`, callers neither give nor get its value."""

    id: int
    type: str = ""
    skip_api: bool = False


class GradioFunction(Struct):
    """A function of an app. `inputs` and `outputs` are ids of components. Only the app's own page can call a function
    without a name."""

    inputs: list[int]
    outputs: list[int]
    api_name: str | bool | None = None
    api_visibility: str = "public"
    show_api: bool = True  # in versions before 6

    @property
    def name(self) -> str:
        return self.api_name if isinstance(self.api_name, str) else ""


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
