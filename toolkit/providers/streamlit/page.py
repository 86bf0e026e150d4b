"""The page of a Streamlit app, as its messages build it, and the answer of a chat on it. Pure.

By convention an app writes what each side says into a `st.chat_message`, whose name tells the side; so the answer is
what others than the person say after the person's last message.
"""

from __future__ import annotations

from toolkit.providers.streamlit.messages import COMPILE_ERROR, SUCCESS, AppMessage, Element, read_message

PEOPLE = ("user", "human")  # the names of the person in `st.chat_message`
ENDS = (SUCCESS, COMPILE_ERROR)
PARAGRAPH = "\n\n"  # between the texts of an answer


class StreamlitPage:
    """Builds the page. `hash` is that of the page that runs, `working` what the app last said that it does."""

    def __init__(self) -> None:
        self.hash = ""
        self._finished: int | None = None
        self.working = ""
        self._elements: dict[tuple[int, ...], Element] = {}
        self._cached: dict[str, AppMessage] = {}
        self._before: set[tuple[tuple[int, ...], str]] = set()  # what was said before the question

    def read(self, data: bytes) -> None:
        """Take the next message of the app. Raises `ProtocolError` for what is none."""
        message = read_message(data)
        if message.reference:
            message = self._cached.get(message.reference, message)
        elif message.cacheable:
            self._cached[message.hash] = message
        if message.page is not None:  # a new run builds the page anew
            self.hash, self._finished = message.page, None
            self._elements.clear()
        elif message.finished is not None:
            self._finished = message.finished
        elif (element := message.element) is not None:
            self.working = element.working or self.working
            depth = len(element.path)
            for path in [path for path in self._elements if path[:depth] == element.path]:
                del self._elements[path]
            self._elements[element.path] = element

    @property
    def chat_box(self) -> str:
        """The id of the chat box, "" if there is none."""
        return next((one.chat_box for one in self._elements.values() if one.chat_box), "")

    @property
    def asks_password(self) -> bool:
        """Whether a person can type a password here."""
        return any(one.asks_password for one in self._elements.values())

    @property
    def error(self) -> str:
        """The exception that the app shows, "" for none."""
        return next((one.error for one in self._elements.values() if one.error), "")

    def has_finished(self) -> bool:
        """Whether the app's script has run to its end, and not to where it begins again."""
        return self._finished in ENDS

    def begin_question(self) -> None:
        """Note that a question is asked now: what is there already is no answer to it."""
        self._before, self._finished = set(self._said()), None

    def answer(self) -> str:
        """The answer so far."""
        said = self._said()
        people = [number for number, (path, _) in enumerate(said) if self._elements[path].speaker.lower() in PEOPLE]
        # An app that does not repeat the question has no message of the person.
        answers = said[people[-1] + 1 :] if people else [one for one in said if one not in self._before]
        return PARAGRAPH.join(text for _, text in answers if text)

    def _said(self) -> list[tuple[tuple[int, ...], str]]:
        """The chat messages, in their order: the path of each, and its text."""
        speakers = sorted(path for path, one in self._elements.items() if one.speaker)
        return [(path, self._text_below(path)) for path in speakers]

    def _text_below(self, path: tuple[int, ...]) -> str:
        below = sorted((one.path, one.text) for one in self._elements.values() if one.path[: len(path)] == path)
        return PARAGRAPH.join(text for _, text in below if text)
