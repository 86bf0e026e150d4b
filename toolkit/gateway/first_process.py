"""Does what the first process of a container has to, where the server is that one (pid_namespaces(7)): it gets the
processes whose parents have ended, such as those of a browser that was killed, and would keep them as zombies; and
signals that it does not expect are not delivered to it."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")


def leave_first_process() -> None:
    """Return in a child process where this one is the first of its system, and do nothing elsewhere.

    This one passes signals on to the child, reaps what has ended, and ends with the child and its status.
    """
    if os.getpid() != 1 or sys.platform == "win32":
        return
    awaited = {signal.SIGCHLD, *(getattr(signal, name) for name in SIGNALS)}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)  # so that none comes unseen before it is waited for
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)  # Ctrl-C at a terminal comes once then: by way of the first process
        signal.pthread_sigmask(signal.SIG_UNBLOCK, awaited)
        return
    while (status := _status_after(signal.sigwait(awaited), child)) is None:
        pass
    os._exit(status)


def _status_after(number: int, child: int) -> int | None:
    """Do what is to be done for the signal `number`. Returns the exit status of `child`, as shells have it, where that
    has ended."""
    if number != signal.SIGCHLD:
        with suppress(ProcessLookupError):
            os.kill(child, number)
        return None
    while True:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        if not ended:
            return None
