"""What a Gradio app tells of itself: its functions, what they take, and what they answer with. Pure."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any

from msgspec import Meta, Struct

from toolkit.errors import UsageError
from toolkit.providers.gradio.arguments import format_names
from toolkit.providers.gradio.wire_shapes import GradioComponent, GradioFunction


class App(Struct, dict=True):
    """An app's `/config`. A chat function takes a text first and, in a `ChatInterface`, the state with the history."""

    dependencies: list[GradioFunction]
    components: list[GradioComponent]
    version: str = ""
    api_prefix: Annotated[str, Meta(pattern=r"^(/[A-Za-z0-9_.~%-]*)*\Z")] = ""  # else it could name another host

    def find_chat_function(self, wanted: str | None) -> GradioFunction:
        """The function of the name `wanted`, else the one that is for chatting. Raises `UsageError`."""
        public = [one for one in self.dependencies if one.name and one.api_visibility == "public" and one.show_api]
        talking = [one for one in public if self._type(one.inputs[:1]) in ("textbox", "multimodaltextbox")]
        if wanted is not None:
            fitting = [one for one in public if one.name == str(wanted).lstrip("/")]
        else:
            fitting = [one for one in talking if one.name == "chat"] or [one for one in talking if self._states(one)]
            fitting = fitting or talking
        if len(fitting) != 1:
            found = "no function of that name" if wanted is not None else f"{len(fitting) or 'no'} chat functions"
            names = format_names(one.name for one in public) or "none"
            raise UsageError(f"The app has {found}.", hint=f"Name one of its functions as `fn`: {names}.")
        return fitting[0]

    def find_restore_function(self, chat: GradioFunction) -> str | None:
        """The function that makes a conversation that is shown the history of `chat`, by which the app's own page does
        it (measured on gradio 6.31); None where there is none."""
        major = self.version.partition(".")[0]
        if not major.isdecimal() or int(major) < 6:
            return None
        states = self._states(chat)
        for one in self.dependencies:
            if one.name and self._type(one.inputs) == "chatbot" and states & set(one.outputs):
                return one.name
        return None

    def arguments(self, function: GradioFunction) -> list[int]:
        """What a caller gives to `function`: the components in its inputs that are not the app's own business."""
        hidden = {one.id for one in self.components if one.skip_api or one.type == "state"}
        return [number for number in function.inputs if number not in hidden]

    def fill_inputs(self, chat: GradioFunction, values: list[Any]) -> list[Any]:
        """`values`, one for each argument of `chat`, with null in the places of what the app itself fills in."""
        given = dict(zip(self.arguments(chat), values, strict=False))
        return [given.get(number) for number in chat.inputs]

    def message(self, chat: GradioFunction, text: str) -> Any:
        """`text` as `chat` takes it."""
        return {"text": text, "files": []} if self._type(chat.inputs[:1]) == "multimodaltextbox" else text

    def _states(self, function: GradioFunction) -> set[int]:
        return {number for number in function.inputs if self._type([number]) == "state"}

    def _type(self, ids: list[int]) -> str:
        """The type of the component in `ids`; "" where there is none or more than one."""
        return self._types.get(ids[0], "") if len(ids) == 1 else ""

    @cached_property
    def _types(self) -> dict[int, str]:
        return {one.id: one.type for one in self.components}
