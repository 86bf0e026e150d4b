"""One fault against one provider: the call, what came of it, and whether anything is left behind."""

from __future__ import annotations

import asyncio
import re
import time
from typing import NamedTuple

from tests.faults import connection, content, framing, statuses
from tests.faults.catalogue import DONE, FAULTS, Fault
from tests.faults.outcomes import expected
from tests.faults.server import faulty
from tests.faults.wire_client import WireClient
from tests.faults.wires import ANSWER, WIRES, Wire
from toolkit.chats.deadlines import Deadlines
from toolkit.errors import StreamTimeout, ToolkitError
from toolkit.providers import model_lists
from toolkit.session.browser_session import BrowserSession
from toolkit.testing.leak_detection import detect_leaks

__all__ = ["FAULTS", "WIRES", "Result", "connection", "content", "detect_leaks", "framing", "run", "statuses"]

LONG, SHORT = 60.0, 0.3  # seconds: of a deadline that may not pass, and of one that has to
SECRET = "5Gq0nZ2x_Vb-8kTfW3yLh7Rj1cPd6Ma9eUoXi4tBvE"


class Result(NamedTuple):
    """What came of a call: the name of the error or of the success, the seconds, and what is wrong about it."""

    outcome: str
    seconds: float
    wrong: str


def deadlines(fault: Fault, wire: Wire) -> Deadlines:
    """Long ones, but for the one that has to pass. A document is no piece of the answer, and one that tells what was
    made at the site is waited for a little longer, to take it away again."""
    limits = dict.fromkeys(("connect", "first_piece", "between_pieces", "cleanup"), LONG) | {"keep_alives": SHORT}
    if fault.deadline and wire.is_document:
        limits |= {"first_piece": SHORT, "cleanup": SHORT}
    elif fault.deadline:
        limits[fault.deadline] = SHORT
    return Deadlines(**limits)


async def run(fault: Fault, wire: Wire) -> Result:
    """Call a site that has the fault, and then again when it is well."""
    model_lists._cache.clear()  # of another run, whose server had the same port
    async with faulty(wire, fault.strike) as server:
        session = BrowserSession.from_cookie_values(wire.provider, server.url, {"next-auth.session-token": SECRET})
        pieces: list[str] = []
        error: ToolkitError | None = None
        start = time.perf_counter()
        async with WireClient(wire, server.url, session=session, deadlines=deadlines(fault, wire), retries=0) as client:
            try:
                async with client.chat("Hi") as stream:
                    async for piece in stream:
                        pieces.append(piece)
                        server.first_piece.set()
            except ToolkitError as caught:
                error = caught
            seconds = time.perf_counter() - start
            await server.heal()
            wrong = judged(fault, wire, "".join(pieces), error)
            after = await client.chat("Hi").text() if fault.deadline is None else ANSWER
            wrong += f" The next call gave {after!r}." * (after != ANSWER)
        async with asyncio.timeout(LONG):
            await server.quiet()
        foreign = [one for one in server.seen if not one.headers["host"].startswith("127.0.0.1")]
        wrong += " A cookie went to another host." * any("cookie" in one.headers for one in foreign)
        wrong += " A chat is left." * bool(server.chats)
    return Result(type(error).__name__ if error else DONE, seconds, wrong.strip())


def judged(fault: Fault, wire: Wire, text: str, error: ToolkitError | None) -> str:
    """What is wrong about an outcome; nothing where it is as declared."""
    wanted, wrong = expected(fault, wire), []
    if isinstance(wanted, str):
        if error is not None:
            return f"{error!r} instead of {wanted}."
        good = ANSWER.replace("ü", "\ufffd") if fault.name == "invalid utf8" and not wire.is_document else ANSWER
        return f"{text[:50]!r} instead of the answer." if wanted == DONE and text != good else ""
    if error is None or not isinstance(error, wanted):
        return f"{error!r} with {text[:50]!r} instead of {wanted}."
    told = f"{error} {error!r} {vars(error)}"
    if not re.search(fault.says if wanted is fault.expected else "", str(error)):
        wrong.append(f"It says {error}")
    if SECRET in told:
        wrong.append("It shows a cookie.")
    if error.provider != wire.provider or not (error.url or isinstance(error, StreamTimeout)):
        wrong.append(f"It does not say where: {error!r}.")
    if error.text != text:
        wrong.append(f"It has the text {error.text!r}, and {text!r} had come.")
    if isinstance(error, StreamTimeout):
        passed = "first_piece" if wire.is_document else fault.deadline
        if error.deadline != passed:
            wrong.append(f"The deadline {error.deadline} passed.")
    if fault.retry_after is not None or ", " in fault.name:
        seconds = getattr(error, "retry_after", None)
        if seconds != fault.retry_after and not (
            seconds and fault.retry_after and 0 < fault.retry_after - seconds < 600
        ):
            wrong.append(f"It says to wait {seconds} s.")
    return " ".join(wrong)
