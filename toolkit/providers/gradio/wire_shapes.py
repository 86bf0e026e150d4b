"""The shapes of the JSON that a Gradio app answers with; what is not named here is passed over when it is read."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


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
