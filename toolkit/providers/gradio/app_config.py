"""The configuration of a Gradio app: its functions, and the components that they take and answer with. Pure."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any

from msgspec import Meta, Struct

from toolkit.errors import UsageError
from toolkit.providers.gradio.arguments import format_names
from toolkit.providers.gradio.wire_shapes import GradioComponent, GradioFunction


class AppConfig(Struct, dict=True):
    """An app's `/config`. A chat function takes a text first and, in a `ChatInterface`, a state with the history."""

    dependencies: list[GradioFunction]
    components: list[GradioComponent]
    version: str = ""
    api_prefix: Annotated[str, Meta(pattern=r"^(/[A-Za-z0-9_.~%-]*)*\Z")] = (
        ""  # any other prefix could name another host
    )

    def find_chat_function(self, wanted: str | None) -> GradioFunction:
        """The function of the name `wanted`; if that is None, the chat function. Raises `UsageError` unless there is
        exactly one."""
        public = [one for one in self.dependencies if one.name and one.api_visibility == "public" and one.show_api]
        text_first = [one for one in public if self._type(one.inputs[:1]) in ("textbox", "multimodaltextbox")]
        if wanted is not None:
            matching = [one for one in public if one.name == str(wanted).lstrip("/")]
        else:
            named_chat = [one for one in text_first if one.name == "chat"]
            matching = named_chat or [one for one in text_first if self._states(one)] or text_first
        if len(matching) != 1:
            problem = "no function of that name" if wanted is not None else f"{len(matching) or 'no'} chat functions"
            names = format_names(one.name for one in public) or "none"
            raise UsageError(f"The app has {problem}.", hint=f"Name one of its functions as `fn`: {names}.")
        return matching[0]

    def find_restore_function(self, chat: GradioFunction) -> str | None:
        """The name of the function that stores a conversation as the history of `chat`, None if the app has none. The
        app's own page uses it for that (measured on gradio 6.31)."""
        major = self.version.partition(".")[0]
        if not major.isdecimal() or int(major) < 6:
            return None
        states = self._states(chat)
        for one in self.dependencies:
            if one.name and self._type(one.inputs) == "chatbot" and states & set(one.outputs):
                return one.name
        return None

    def arguments(self, function: GradioFunction) -> list[int]:
        """The inputs of `function` that a caller gives, as ids of components: all but states and hidden ones."""
        hidden = {one.id for one in self.components if one.skip_api or one.type == "state"}
        return [number for number in function.inputs if number not in hidden]

    def fill_inputs(self, chat: GradioFunction, values: list[Any]) -> list[Any]:
        """All inputs of `chat`: `values`, one for each argument, and null for what the app itself fills in."""
        given = dict(zip(self.arguments(chat), values, strict=False))
        return [given.get(number) for number in chat.inputs]

    def message(self, chat: GradioFunction, text: str) -> Any:
        """`text` in the form that the first input of `chat` takes."""
        return {"text": text, "files": []} if self._type(chat.inputs[:1]) == "multimodaltextbox" else text

    def _states(self, function: GradioFunction) -> set[int]:
        return {number for number in function.inputs if self._type([number]) == "state"}

    def _type(self, ids: list[int]) -> str:
        """The type of the only component in `ids`; "" if there is none or more than one."""
        return self._types.get(ids[0], "") if len(ids) == 1 else ""

    @cached_property
    def _types(self) -> dict[int, str]:
        return {one.id: one.type for one in self.components}
