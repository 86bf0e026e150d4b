"""Recognises what a page makes up for a call: random ids and times; and what it computes, which nobody can. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from toolkit.errors import CannotInfer

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
ALNUM = re.compile(r"[A-Za-z0-9]+")
NANO = re.compile(r"[A-Za-z0-9_-]{16,32}")
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|\+00:00)")
# Names of what a page computes from the call, and of proofs that it has worked for.
COMPUTED = re.compile(
    r"sign(?:ature|ed|$)|(?:^|[_-])sig$|hmac|digest|checksum|proof|(?:^|[_-])pow|turnstile|captcha|attest|challenge|"
    r"(?:^|[_-])solution|integrity|x-bogus|anti-?bot",
    re.IGNORECASE,
)
DIGESTS = (40, 56, 64, 96, 128)  # hexadecimal digits of SHA-1 and of SHA-2
RANDOM_NAMES = re.compile(
    r"id$|_id|uuid|guid|hash|session|nonce|request|trace|client|device|visitor|canvas", re.IGNORECASE
)
DAY = 86_400.0


def is_uuid(text: str) -> bool:
    return UUID.fullmatch(text) is not None


def maker_of(value: object, at: float) -> str:
    """Returns how a value that differs from call to call is made up: `uuid4`, `hex 32`, `lower 10`, `ms`, ...; "" where
    that cannot be told. `at` is the time of its request, in seconds since 1970."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        return _time(float(value), at)
    if not isinstance(value, str):
        return ""
    if match := UUID.fullmatch(value):
        return "uuid4" if match[1] == "4" else "uuid1" if match[1] == "1" else ""
    if value.isdecimal() and (time := _time(float(value), at)):
        return f"{time} text"
    if match := ISO.fullmatch(value):
        when = datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
        return ("iso ms" if match[1] else "iso") if abs(when - at) < DAY else ""
    return random_maker(value)


def random_maker(text: str) -> str:
    """Returns of what and how long a random text is: `hex 32`, `lower 10` (letters and digits), `alnum 16`, `url 21`,
    `digits 12`; "" for one that is none."""
    length = len(text)
    if length in DIGESTS and HEX.fullmatch(text):
        return ""  # a digest of something, as far as anybody can tell
    if text.isdecimal():
        return f"digits {length}" if length >= 6 else ""
    if not any(char.isdigit() for char in text) and length < 16:
        return ""
    if length >= 8 and HEX.fullmatch(text) and text.islower():
        return f"hex {length}"
    if length >= 6 and ALNUM.fullmatch(text):
        return f"{'lower' if text.lower() == text else 'alnum'} {length}"
    return f"url {length}" if NANO.fullmatch(text) else ""


def looks_random(name: str, text: str) -> bool:
    """Decides whether a value that is the same in all calls was made up by the page: by its look, and its `name`."""
    if is_uuid(text):
        return True
    return bool(RANDOM_NAMES.search(name)) and len(text) >= 8 and bool(random_maker(text))


def refuse_computed(name: str, value: object, where: str) -> None:
    """Raises `CannotInfer` for what the page computes for each call: a signature, or a proof of work."""
    digest = isinstance(value, str) and len(value) in DIGESTS and HEX.fullmatch(value)
    if COMPUTED.search(name) or digest:
        raise CannotInfer(
            f"The page computes {where}, as a signature or a proof: no answer before it holds it.",
            hint="What a page computes is not run, so this site cannot be called without a browser.",
        )


def _time(number: float, at: float) -> str:
    if abs(number / 1000 - at) < DAY:
        return "ms"
    return "s" if abs(number - at) < DAY else ""
