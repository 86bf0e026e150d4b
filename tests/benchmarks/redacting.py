"""What the redaction and the check of a recording cost, in CPU time: against a decoder, and against a tenth as much."""

from __future__ import annotations

import tempfile
from itertools import cycle
from pathlib import Path

import msgspec
import playwright

from tests.benchmarks.decoding import in_turns
from tests.benchmarks.results import OURS, Bar, Result, Scale
from tests.recording.helpers import SITE, entry
from toolkit.har.message_builders import make_request
from toolkit.har.model import Entry, Recording
from toolkit.recording.check import check
from toolkit.recording.files import save
from toolkit.redaction.redact import redact

SIZE = 10_000_000  # bytes of bodies
DECODER, TENTH = "msgspec, decode + encode", "a tenth as much, ten times"
ASSETS = Path(playwright.__file__).parent / "driver" / "package" / "lib" / "vite"
SECRET = "Zq47kVt9WmX4LrP7sBnY2dHc"
LOGIN = b'{"user": {"id": 7, "accessToken": "%b"}}\n' % SECRET.encode()
ANSWER = b'{"id": 1, "role": "user", "text": "some \\"quoted\\" words and a path /a/b", "tokens": 12}\n'


def recorded(size: int) -> list[Entry]:
    """What a page of a real site has: minified scripts, a quarter of it JSON, and cookies in every request."""
    files = [path.read_bytes() for path in sorted(ASSETS.rglob("*.js"))]
    entries: list[Entry] = []
    for number, script in enumerate(cycle(files)):
        bodies = [("text/javascript", script[:size])]
        bodies += [("application/json", LOGIN + ANSWER * (len(script) // len(ANSWER) // 3))]
        for mime_type, body in bodies:
            one = entry(headers=[("Content-Type", mime_type)], body=b"/*%d*/" % number + body)
            sent = make_request("GET", f"{SITE}/{number}", [("Cookie", f"sid={SECRET}; theme=dark")], b"")
            entries.append(Entry(one.started, sent, one.response))
            size -= len(body)
        if size <= 0:
            return entries
    return entries


async def redaction(_: str, scale: Scale) -> list[Result]:
    """Redaction with its scan, and the check of the file, of ten megabytes of a page."""
    large, small = recorded(scale.of(SIZE)), recorded(scale.of(SIZE // 10))

    async def redact_large() -> None:
        redact(large)

    async def redact_small() -> None:
        for _ in range(10):
            redact(small)

    async def decode() -> None:
        msgspec.json.decode(msgspec.json.encode(large), type=list[Entry])

    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "large.har", Path(folder) / "small.har"
        save(Recording(entries=redact(large)), files[0])
        save(Recording(entries=redact(small)), files[1])

        async def check_large() -> None:
            assert check(files[0]) == []

        async def check_small() -> None:
            for _ in range(10):
                assert check(files[1]) == []

        unit = scale.of(SIZE) * 1e-10
        redacted = await in_turns({OURS: redact_large, TENTH: redact_small, DECODER: decode}, scale.rounds, unit)
        checked = await in_turns({OURS: check_large, TENTH: check_small, DECODER: decode}, scale.rounds, unit)
    return [
        Result("redaction", "redaction of a page, CPU per 10 MB", "ms", redacted, (Bar(TENTH, 1.5), Bar(DECODER, 75))),
        Result("check", "`toolkit recording check`, CPU per 10 MB", "ms", checked, (Bar(TENTH, 1.5), Bar(DECODER, 60))),
    ]
