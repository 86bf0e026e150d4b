"""What tests of several folders share: Playwright's driver, one real Chromium, and fresh contexts of it."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, settings
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright

import toolkit
from tests import lean_chromium
from tests.listening import nothing_secret_is_logged
from tests.stuck import pytest_runtest_protocol, watched_loop
from toolkit.browser import cancellation_shield, page_queries, sync_async_runners
from toolkit.browser import driver as driver_module
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile
from toolkit.errors import BrowserMissing
from toolkit.replay.local_network import LocalNetwork

__all__ = ["nothing_secret_is_logged", "pytest_runtest_protocol", "watched_loop"]  # which pytest finds here

# What this machine's programs are told of proxies is for none of the sites that tests ask.
for _name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
    os.environ.pop(_name, None)
    os.environ.pop(_name.upper(), None)

# What runs here and in the programs that tests start is the toolkit beside these tests, whichever is installed.
ROOT = Path(__file__).parents[1]
if Path(toolkit.__file__).parents[1] != ROOT:
    raise pytest.UsageError(f"These tests would run the toolkit of {toolkit.__file__}. Set PYTHONPATH={ROOT}")
os.environ["PYTHONPATH"] = str(ROOT)

# What the asserts of these helpers compare is told, as that of tests.
pytest.register_assert_rewrite("tests.cli", "tests.readme", "tests.record_demos", "tests.shared_sessions")

# The same examples in every run, however slow the machine.
settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


# Folders and files of the slowest tests, which are begun first: then no processor waits for another's at the end.
SLOWEST = (
    *("shared_sessions", "testing", "test_planted_secrets.py", "readme", "browser", "cli", "client"),
    *("redaction", "recording", "benchmarks", "scaffold", "test_end_to_end.py", "replay", "gateway", "session"),
)
NEED_BROWSER = {"driver", "chromium", "playwright", "display"}


def pytest_configure(config: pytest.Config) -> None:
    """A folder for the toolkit's state that is not the person's, already while tests are collected: some are made for
    each provider that there is. And a browser that costs less."""
    state = tempfile.TemporaryDirectory(prefix="toolkit-tests-", ignore_cleanup_errors=True)
    os.environ["TOOLKIT_STATE_DIR"] = state.name
    config.add_cleanup(state.cleanup)
    if not hasattr(config, "workerinput"):  # a worker has it from the process that starts it
        programs = tempfile.TemporaryDirectory(prefix="toolkit-tests-", ignore_cleanup_errors=True)
        config.add_cleanup(programs.cleanup)
        lean_chromium.put_on_path(Path(programs.name))
    if (cache := getattr(config, "cache", None)) is not None:
        # Playwright's driver is compiled once, and not by each test that starts it.
        os.environ["NODE_COMPILE_CACHE"] = str(cache.mkdir("node"))


def pytest_collection_finish() -> None:
    """Spare each later search for garbage, of which some tests ask for, what lives to the end anyway."""
    gc.collect()
    gc.freeze()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """For the whole suite two workers more than there are processors, since tests wait for browsers, for processes and
    for time-outs half of the time; for files or tests that are named, none."""
    return 0 if config.args_source is pytest.Config.ArgsSource.ARGS else (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that have a fixture with a browser in it, of ours or of pytest-playwright's. Put the slowest files
    first."""
    items.sort(key=lambda item: _place(item.path))
    for item in items:
        if not NEED_BROWSER.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


@cache
def _place(path: Path) -> int:
    """The place of a file's tests among all, by `SLOWEST`."""
    here = (i for i, name in enumerate(SLOWEST) if path.is_relative_to(ROOT / "tests" / name))
    return next(here, len(SLOWEST))


OpenContext = Callable[[LocalNetwork | None], Awaitable[BrowserContext]]


@pytest.fixture(scope="session", autouse=True)
def signals_work() -> Iterator[None]:
    """A shell that starts the tests in the background has SIGINT and SIGQUIT ignored, `nohup` SIGHUP, and children
    inherit that. Here, and so in each child, they do what they do by default."""
    defaults: dict[str, Any] = {
        "SIGINT": signal.default_int_handler,
        "SIGQUIT": signal.SIG_DFL,
        "SIGHUP": signal.SIG_DFL,
    }
    numbers = {getattr(signal, name): handler for name, handler in defaults.items() if hasattr(signal, name)}
    ignored = {number for number in numbers if signal.getsignal(number) == signal.SIG_IGN}
    for number in ignored:
        signal.signal(number, numbers[number])
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(autouse=True)
def busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is given up in the end is given up late: a machine with other work to do is no stuck browser."""
    monkeypatch.setattr(page_queries, "MIN_ANSWER_MS", 60_000)
    monkeypatch.setattr(cancellation_shield, "CANCEL_GRACE_SECONDS", 120.0)
    monkeypatch.setattr(sync_async_runners, "SHIELDED_STEP_SECONDS", 120.0)
    monkeypatch.setattr(driver_module, "START_SECONDS", 120.0)


@pytest.fixture(scope="session")
async def driver() -> AsyncIterator[Playwright]:
    """Playwright's async API, with no browser started."""
    async with async_playwright() as playwright:
        yield playwright


# pytest-playwright has taken the names `playwright`, `browser`, `context` and `page`, for its sync API.
@pytest.fixture(scope="session")
async def chromium(driver: Playwright) -> AsyncIterator[Browser]:
    """A running Chromium. Without one tests are skipped, but in CI they fail."""
    try:
        browser = await launch(driver, Profile(launch_timeout_ms=120_000))
    except BrowserMissing as error:
        absent(str(error))
    yield browser
    await browser.close()


@pytest.fixture
async def open_context(chromium: Browser) -> AsyncIterator[OpenContext]:
    """Opens a fresh context, in a local network or on the machine's own; closed after the test."""
    async with AsyncExitStack() as stack:

        async def open_one(network: LocalNetwork | None) -> BrowserContext:
            # Each network has its own authority, and one browser serves them all: whom it trusts is tested elsewhere.
            options = network.context_options() if network else {}
            context = await chromium.new_context(ignore_https_errors=True, **options)
            stack.push_async_callback(context.close)
            context.set_default_timeout(60_000)  # only waited for where something is wrong
            return context

        yield open_one


def absent(reason: str) -> NoReturn:
    """Skip for want of a browser; in CI, fail."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
