"""Threads for files: none is left by itself, and those that wait for more are few, and end with the block."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future
from contextlib import ExitStack

import pytest

from tests.sites.asking import SECONDS
from toolkit.files.file_threads import MOST_WAITING, FileThreads


@pytest.fixture
def threads() -> FileThreads:
    return FileThreads()


def run(threads: FileThreads, release: threading.Event | None = None) -> Future[threading.Thread]:
    """Have a thread tell which it is, and then wait for `release`."""
    told: Future[threading.Thread] = Future()

    def work() -> None:
        told.set_result(threading.current_thread())
        if release is not None:
            release.wait(SECONDS)

    threads.start(work)
    return told


def ended(thread: threading.Thread) -> bool:
    thread.join(SECONDS)
    return not thread.is_alive()


def test_a_thread_ends_with_its_work(threads: FileThreads) -> None:
    """Each work has one of its own."""
    first, second = (run(threads).result(SECONDS) for _ in range(2))
    assert first is not second
    assert ended(first)
    assert ended(second)


def test_kept_threads_work_on_and_end_with_the_last_block(threads: FileThreads) -> None:
    """However many there are at once, few wait afterwards."""
    release = threading.Event()
    with ExitStack() as blocks:
        for _ in range(2):
            blocks.enter_context(threads.kept())
        many = {run(threads, release).result(SECONDS) for _ in range(3 * MOST_WAITING)}
        assert len(many) == 3 * MOST_WAITING
        release.set()
        while len([thread for thread in many if thread.is_alive()]) > MOST_WAITING:
            threading.Event().wait(0.001)
        with threads.kept():
            pass  # others still keep them
        again = {run(threads).result(SECONDS) for _ in range(20)}
        assert again & many
    assert all(ended(thread) for thread in many | again)


def test_one_that_hangs_holds_up_nobody(threads: FileThreads) -> None:
    """Further work has another thread."""
    release = threading.Event()
    with threads.kept():
        hanging = run(threads, release).result(SECONDS)
        assert run(threads).result(SECONDS) is not hanging
        release.set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    """Those that wait in the parent are not there."""
    from toolkit.files.file_threads import FILE_THREADS

    with FILE_THREADS.kept():
        run(FILE_THREADS).result(SECONDS)
        if not (child := os.fork()):
            try:
                run(FILE_THREADS).result(SECONDS)
            except BaseException:  # noqa: BLE001 - the child must not run on
                os._exit(1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
