"""The configuration of a Gradio app: its functions, and the components that they take and answer with. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated

from msgspec import Meta, Struct

from toolkit.providers.gradio.wire_shapes import GradioComponent, GradioFunction, GradioProps

SOCKET_QUEUE = 3  # the version whose queue is a WebSocket


class AppConfig(Struct, dict=True):
    """An app's `/config`: its functions and its components."""

    dependencies: list[GradioFunction]
    components: list[GradioComponent]
    version: str = ""
    enable_queue: bool | None = None  # in version 3
    api_prefix: Annotated[str, Meta(pattern=r"^(/[A-Za-z0-9_.~%-]*)*\Z")] = (
        ""  # any other prefix could name another host
    )

    @property
    def major(self) -> int:
        """The first number of Gradio's version, 0 where it is not told."""
        major = self.version.partition(".")[0]
        return int(major) if major.isdecimal() else 0

    def __post_init__(self) -> None:
        for number, one in enumerate(self.dependencies):
            if one.id < 0:  # before version 5 their places are their numbers
                one.id = number

    def has_socket_queue(self, function: GradioFunction) -> bool:
        """Whether `function` is called by the queue of version 3, a WebSocket."""
        queued = self.enable_queue if function.queue is None else function.queue
        return self.major == SOCKET_QUEUE and bool(queued)

    def find_restore_function(self, states: set[int]) -> str | None:
        """The name of the function that stores a conversation as one of `states`, None if the app has none. The app's
        own page uses it for that (measured on gradio 6.31)."""
        if self.major < 6:
            return None
        for one in self.dependencies:
            if one.name and [self.type(number) for number in one.inputs] == ["chatbot"] and states & set(one.outputs):
                return one.name
        return None

    def arguments(self, function: GradioFunction) -> list[int]:
        """The inputs of `function` that a caller gives, as ids of components: all but states and hidden ones."""
        return [number for number in function.inputs if number not in self._hidden]

    def states(self, function: GradioFunction) -> set[int]:
        """The inputs of `function` that the app keeps for each session."""
        return {number for number in function.inputs if self.type(number) == "state"}

    def first(self, numbers: Iterable[int], *types: str) -> int | None:
        """The first of the components `numbers` that is of one of `types`; None if none is."""
        return next((number for number in numbers if self.type(number) in types), None)

    def type(self, number: int | None) -> str:
        """The type of a component; "" if there is none of that id."""
        found = self._components.get(number)
        return found.type if found else ""

    def props(self, number: int) -> GradioProps:
        """The settings of a component."""
        found = self._components.get(number)
        return found.props if found else GradioProps()

    @cached_property
    def _components(self) -> dict[int | None, GradioComponent]:
        return {one.id: one for one in self.components}

    @cached_property
    def _hidden(self) -> set[int]:
        return {one.id for one in self.components if one.skip_api or one.type == "state"}
