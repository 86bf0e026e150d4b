"""Takes a picture of the page where a visit failed, and a trace of what was done there, both without secrets.

Hidden in the picture are all form fields, and every text in which a secret appears. Secrets are the values of cookies
and of the page's storage, what was typed into fields, and what was sent in request bodies. Known limits: fields inside
a closed shadow root, and text that a site draws on a canvas.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from playwright.async_api import Error as PlaywrightError

from toolkit.browser.opened_pages import OpenedPages
from toolkit.browser.page_evaluation import evaluate_json
from toolkit.browser.sync_async_runners import Limited, ShieldedStep, Steps
from toolkit.browser.temporary_folders import temporary_folder
from toolkit.browser.trace_redaction import redact_trace
from toolkit.errors import ChallengeRequired, HarvestFailed
from toolkit.session.browser_session import BrowserSession

log = logging.getLogger("toolkit")

READ_TIMEOUT_MS = 2_000  # for the page to give its texts and values
PICTURE_TIMEOUT_MS = 5_000
MIN_TYPED_SECRET, MIN_STORED_SECRET = 3, 8  # characters: shorter values appear in every page, and are no secrets
FIELDS = 'input, textarea, select, [contenteditable]:not([contenteditable="false"]), [role="textbox"]'
HIDE_FIELDS = f"{FIELDS} {{ opacity: 0 !important }}"
GREY = "#9a9a9a"
# Gives what is typed into the fields, what the page stores, and its texts, those of open shadow roots included.
READ_PAGE = """fields => {
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
    const stored = []
    for (const name of ['localStorage', 'sessionStorage']) try { stored.push(...Object.values(window[name])) } catch {}
    return JSON.stringify({typed, texts: [document.documentElement.textContent, ...texts], stored})
}"""


class FailureCapture(msgspec.Struct, frozen=True):
    """Asks for a picture of a visit that fails. `keep` saves a file, given its name and content, and returns its path;
    `trace` asks for a trace too, which only a context of ours can give."""

    keep: Callable[[str, bytes], Path]
    trace: bool = False


def with_failure_capture(
    steps: Steps[BrowserSession], pages: OpenedPages, provider: str, capture: FailureCapture | None, tracing: Any = None
) -> Steps[BrowserSession]:
    """Run the `steps` of a visit; where it fails, save a picture and name the files in the error's `artifacts`.

    `provider` becomes part of the file names. `tracing` is Playwright's `Tracing` of a context of ours, else None.
    """
    if capture is None:
        return (yield from steps)
    if not capture.trace:
        tracing = None
    if tracing is not None:
        try:
            yield ShieldedStep(tracing.start())
        except PlaywrightError:  # the browser cannot trace; or it is gone, and the visit raises that
            tracing = None
    try:
        return (yield from steps)
    except (HarvestFailed, ChallengeRequired) as error:
        error.artifacts = " ".join((yield from _save_artifacts(pages, provider, capture, tracing)))
        raise


def _save_artifacts(pages: OpenedPages, provider: str, capture: FailureCapture, tracing: Any) -> Steps[list[str]]:
    """Save what can be had of the failed visit. Returns a sentence for each file, none where the page is gone."""
    if not pages.still_open:
        return []
    page = pages.still_open[-1]
    with ExitStack() as stack:
        try:
            secrets, masks = yield from _secrets_and_masks(page, pages)
            raw_trace = b""
            if tracing is not None:  # stopped before the picture, whose masks are found by the secrets' texts
                folder = stack.enter_context(temporary_folder()) or Path(stack.enter_context(TemporaryDirectory()))
                yield ShieldedStep(tracing.stop(path=folder / "raw"))
                raw_trace = (folder / "raw").read_bytes()
            shot = page.screenshot(
                timeout=PICTURE_TIMEOUT_MS, mask=masks, mask_color=GREY, style=HIDE_FIELDS, animations="disabled"
            )
            picture = yield Limited(shot, PICTURE_TIMEOUT_MS)
            sentences = [f"A picture of the page: {capture.keep(f'{provider}.png', picture)}."]
            if (content := redact_trace(raw_trace, pages.outcomes, secrets)) is not None:
                path = capture.keep(f"{provider}.zip", content)
                sentences.append(f"A trace, for `playwright show-trace`: {path}.")
            elif tracing is not None:
                sentences.append("No trace is kept: what it holds cannot be told from secrets.")
        except (PlaywrightError, OSError) as error:
            log.debug("%s: no picture of the failed visit, because of %s", provider, type(error).__name__)
            return []
    return sentences


def _secrets_and_masks(page: Any, pages: OpenedPages) -> Steps[tuple[set[str], list[Any]]]:
    """The secrets of `page`, and the locators of what to paint over in a picture of it."""
    frames = []
    for frame in page.frames:
        content = yield from evaluate_json(frame, READ_PAGE, FIELDS, READ_TIMEOUT_MS)
        frames.append((frame, content))
    cookies = yield page.context.cookies()
    secrets = _secret_texts(MIN_STORED_SECRET, (cookie["value"] for cookie in cookies))
    secrets |= _secret_texts(MIN_TYPED_SECRET, pages.sent_values())
    for _, content in frames:
        secrets |= _secret_texts(MIN_STORED_SECRET, content["stored"])
        secrets |= _secret_texts(MIN_TYPED_SECRET, content["typed"])
    masks = []
    for frame, content in frames:
        text = _normalize("\n".join(content["texts"]))
        masks.append(frame.locator(FIELDS))
        masks += [frame.get_by_text(secret) for secret in map(_normalize, secrets) if secret in text]
    return secrets, masks


def _secret_texts(min_length: int, values: Iterable[str]) -> set[str]:
    """`values` as they are and URL-decoded, those of at least `min_length` characters."""
    both = (text for value in values for text in (value, unquote_plus(value)))
    return {value.strip() for value in both if len(value.strip()) >= min_length}


def _normalize(text: str) -> str:
    """`text` as `get_by_text` compares it: in lower case, each run of whitespace as one space."""
    return re.sub(r"\s+", " ", text).strip().lower()
