"""A picture of the page where a visit failed, and a trace of what was done there, without anybody's secrets.

What a person typed is in no picture: all fields are hidden while it is taken, and so is each text in which something
appears that was typed, sent in a body, or is a value of the cookies or the storage. Known limits: fields inside a
closed shadow root, and what a site draws instead of writing it.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import msgspec
from playwright.async_api import Error as PlaywrightError

from toolkit.browser.sync_or_async import ShieldedStep, Steps
from toolkit.browser.temporary_folders import temporary_folder
from toolkit.browser.trace import Answer, redact_trace
from toolkit.errors import ChallengeRequired, HarvestFailed
from toolkit.session.value import BrowserSession

READ_TIMEOUT_MS = 2_000  # for the page to answer
PICTURE_MS = 5_000
BODIES, ANSWERS = 50, 200  # the latest, of which is known what was sent, and how they went
LARGEST = 64 * 1024  # bytes of a body that is looked into
SHORTEST_TYPED, SHORTEST_KEPT = 3, 8  # letters of what is taken for a secret: shorter ones are in every page
FIELDS = 'input, textarea, select, [contenteditable]:not([contenteditable="false"]), [role="textbox"]'
HIDDEN = f"{FIELDS} {{ opacity: 0 !important }}"
GREY = "#9a9a9a"
# What is typed there, what is kept there, and what can be read there; open shadow roots included.
READ = """(_, fields) => {
    const typed = [], texts = []
    const walk = root => {
        for (const field of root.querySelectorAll(fields)) {
            if (!['checkbox', 'radio', 'submit', 'button', 'reset', 'image'].includes(field.type))
                typed.push(field.value ?? field.textContent)
        }
        texts.push(root.textContent ?? root.body?.textContent ?? '')
        for (const element of root.querySelectorAll('*')) if (element.shadowRoot) walk(element.shadowRoot)
    }
    walk(document)
    const kept = []
    for (const name of ['localStorage', 'sessionStorage']) try { kept.push(...Object.values(window[name])) } catch {}
    return {typed, texts: [document.documentElement.textContent, ...texts], kept}
}"""


class FailureCapture(msgspec.Struct, frozen=True):
    """That a failed visit is to be looked at: `keep` takes a file's ending and its content, and gives its path; `trace`
    says that a trace is wanted too, of contexts that are ours."""

    keep: Callable[[str, bytes], Path]
    trace: bool = False


class Pages:
    """The pages that a visit opened, in this order, and what passed there."""

    def __init__(self) -> None:
        self.opened: list[Any] = []
        self.answers: deque[Answer] = deque(maxlen=ANSWERS)
        self._bodies: deque[bytes] = deque(maxlen=BODIES)

    def add(self, page: Any) -> None:
        self.opened.append(page)
        page.on("request", self._asked)
        page.on("response", lambda answer: self._went(answer.request, answer.status))
        page.on("requestfailed", lambda request: self._went(request, 0))

    @property
    def last(self) -> Any:
        """The last one that is open still, else None."""
        return next((page for page in reversed(self.opened) if not page.is_closed()), None)

    def sent(self) -> Iterator[str]:
        """The values in the bodies and by the forms that were sent."""
        for body in self._bodies:
            yield from values_in(body)

    def _asked(self, request: Any) -> None:
        if body := request.post_data_buffer:
            self._bodies.append(body[:LARGEST])
        if (query := urlsplit(request.url).query) and request.is_navigation_request():  # a form can be sent so, too
            self._bodies.append(query.encode()[:LARGEST])

    def _went(self, request: Any, status: int) -> None:
        if request.url.startswith("http"):  # others can be what they hold
            self.answers.append(Answer(request.method, request.url, status, request.timing["startTime"]))


def with_failure_capture(
    steps: Steps[BrowserSession], pages: Pages, name: str, capture: FailureCapture | None, tracing: Any = None
) -> Steps[BrowserSession]:
    """The `steps` of a visit to the provider `name`; where it fails, the error's `kept` tells where to look. `tracing`
    is that of a context of ours."""
    if capture is None:
        return (yield from steps)
    if not capture.trace:
        tracing = None
    if tracing is not None:
        try:
            yield ShieldedStep(tracing.start())
        except PlaywrightError:  # the browser is gone, which the visit tells, or it knows no tracing
            tracing = None
    try:
        return (yield from steps)
    except (HarvestFailed, ChallengeRequired) as error:
        error.artifacts = " ".join((yield from _keep(pages, name, capture, tracing)))
        raise


def _keep(pages: Pages, name: str, capture: FailureCapture, tracing: Any) -> Steps[list[str]]:
    """Keep what can be kept, and say where. What cannot be had is no failure of its own."""
    page = pages.last
    if page is None:
        return []
    with ExitStack() as stack:
        try:
            secrets, masks = yield from _secrets(page, pages)
            raw = b""
            if tracing is not None:  # ended before the picture, which is found by what is secret
                folder = stack.enter_context(temporary_folder()) or Path(stack.enter_context(TemporaryDirectory()))
                yield ShieldedStep(tracing.stop(path=folder / "raw"))
                raw = (folder / "raw").read_bytes()
            picture = yield page.screenshot(
                timeout=PICTURE_MS, mask=masks, mask_color=GREY, style=HIDDEN, animations="disabled"
            )
            told = [f"A picture of the page: {capture.keep(f'{name}.png', picture)}."]
            if (content := redact_trace(raw, pages.answers, secrets)) is not None:
                told.append(f"A trace, for `playwright show-trace`: {capture.keep(f'{name}.zip', content)}.")
            elif tracing is not None:
                told.append("No trace is kept: what it holds cannot be told from secrets.")
        except (PlaywrightError, OSError):
            return []
    return told


def _secrets(page: Any, pages: Pages) -> Steps[tuple[set[str], list[Any]]]:
    """What nobody must see of `page`, and what to paint over in a picture of it."""
    frames = []
    for frame in page.frames:
        frames.append((frame, (yield frame.locator(":root").first.evaluate(READ, FIELDS, timeout=READ_TIMEOUT_MS))))
    cookies = yield page.context.cookies()
    secrets = _long(SHORTEST_KEPT, (cookie["value"] for cookie in cookies)) | _long(SHORTEST_TYPED, pages.sent())
    for _, read in frames:
        secrets |= _long(SHORTEST_KEPT, read["kept"]) | _long(SHORTEST_TYPED, read["typed"])
    masks = []
    for frame, read in frames:
        text = _plain("\n".join(read["texts"]))
        masks.append(frame.locator(FIELDS))
        masks += [frame.get_by_text(plain) for plain in map(_plain, secrets) if plain in text]
    return secrets, masks


def _long(shortest: int, values: Iterable[str]) -> set[str]:
    both = (spelling for value in values for spelling in (value, unquote_plus(value)))
    return {value.strip() for value in both if len(value.strip()) >= shortest}


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().lower()


def values_in(body: bytes) -> Iterator[str]:
    """The texts in a body: of a form, of JSON, of a multipart form, else the lines that it has."""
    text = body.decode("utf-8", "replace")
    try:
        yield from _leaves(json.loads(text))
    except ValueError:
        pairs = parse_qsl(text) if "\n" not in text else []
        yield from (value for _, value in pairs) if pairs else text.splitlines()


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
