"""The shapes of the JSON that a Chainlit app sends. Fields that are not named here are ignored."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType


class ChatProfile(Struct):
    """One of the profiles that a person can choose from before a chat."""

    name: str
    default: bool = False


class PageSettings(Struct, frozen=True):
    """How the page looks; `name` is that of the app."""

    name: str = ""


class FileUpload(Struct, frozen=True):
    """Whether a person may put files into a question."""

    enabled: bool = True


class Features(Struct, frozen=True):
    """What a person can do in the app."""

    spontaneous_file_upload: FileUpload | None = None


class ProjectSettings(Struct, rename="camel"):
    """What the page asks for first. The app keeps what was said if it has `data_persistence`, and lets a person go on
    there if a thread is `thread_resumable`. `user_env` names what the page asks a person for, such as keys."""

    ui: PageSettings = PageSettings()
    features: Features = Features()
    chat_profiles: list[ChatProfile] = []
    data_persistence: bool = False
    thread_resumable: bool = False
    user_env: list[str] | None = None

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names of the profiles, the one that a page begins with first."""
        return tuple(one.name for one in sorted(self.chat_profiles, key=lambda one: not one.default))

    @property
    def takes_files(self) -> bool:
        """Whether a question may have images and files; an app that does not say so takes them."""
        upload = self.features.spontaneous_file_upload
        return upload is None or upload.enabled


class Step(Struct, rename="camel"):
    """Something that happens for a question: a message, the call of a tool, or the run of all of it. A step belongs to
    the one with `parent_id`. `end` is when it ended."""

    id: str
    type: str = ""
    name: str = ""
    parent_id: str | None = None
    output: str | None = None
    is_error: bool | None = None
    end: str | UnsetType | None = UNSET

    @property
    def text(self) -> str:
        return self.output or ""


class StreamedToken(Struct, rename="camel"):
    """A piece of the message or step `id`; all of it so far if `is_sequence`. It may be of a step's input."""

    id: str
    token: str
    is_sequence: bool = False
    is_input: bool = False


class FirstInteraction(Struct):
    """Tells the thread of the conversation, when its first question has come."""

    thread_id: str = ""


class AskSpec(Struct, rename="camel"):
    """What the app asks the person for, in the middle of an answer."""

    msg: Step


class Element(Struct, rename="camel"):
    """A picture or file. It is at `url`, or at the app under its `chainlit_key`."""

    type: str = ""
    name: str = ""
    url: str | None = None
    chainlit_key: str | None = None
    mime: str | None = None
    for_id: str | None = None
