"""The threads in which files are accessed. Each is a daemon: the end of the program does not wait for one whose file
system never answers.

A thread ends with its work. To start one costs more than most of what it does, and a busy machine lets it wait; so
where files are read again and again, as in a server, a few wait for further work.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

MOST_WAITING = 4  # threads; all others end with their work, however many have run at once


class FileThreads:
    """Starts threads, and has them wait for more work in the blocks of `kept`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._waiting: list[SimpleQueue[Callable[[], None] | None]] = []  # one for each thread that waits

    def start(self, work: Callable[[], None]) -> None:
        """Run `work`, which raises nothing, in a thread that waits for some, else in a new one."""
        with self._lock:
            queue = self._waiting.pop() if self._waiting else None
        if queue is None:
            threading.Thread(target=self._run, args=(work,), name="toolkit-file", daemon=True).start()
        else:
            queue.put(work)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Have threads wait for more work until the end of the block."""
        with self._lock:
            self._blocks += 1
        try:
            yield
        finally:
            with self._lock:
                self._blocks -= 1
                ended = [] if self._blocks else self._waiting
                if ended:
                    self._waiting = []
            for queue in ended:
                queue.put(None)

    def start_anew(self) -> None:
        """Forget the threads that wait: in a forked process there are none."""
        self._lock, self._waiting = threading.Lock(), []

    def _run(self, first: Callable[[], None]) -> None:
        queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        work: Callable[[], None] | None = first
        del first
        while work is not None:
            work()
            work = None  # and what it has read
            with self._lock:
                if not self._blocks or len(self._waiting) >= MOST_WAITING:
                    return
                self._waiting.append(queue)
            work = queue.get()


FILE_THREADS = FileThreads()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=FILE_THREADS.start_anew)
