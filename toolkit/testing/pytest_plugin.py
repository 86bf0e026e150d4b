"""The pytest plugin: runs tests from recordings, with the outside network blocked.

    @pytest.mark.recording("aura.har")
    async def test_the_sky(toolkit_client):
        assert "blue" in await toolkit_client.chat("Why is the sky blue?").text()

The file's path is relative to the test's. A test that visits pages uses pytest-playwright's `page` or `context` as
usual: the marker puts them into the recording's network. `--toolkit-record-mode` says what may be recorded: `none` (the
default), `once` (missing recordings) or `all`; `--record-mode` is short for it, unless another
plugin, such as pytest-recording, has an option of that name. `--toolkit-max-age` fails tests whose recording is older
than a team allows; the marker's `max_age` goes before it. Nothing heavy is imported before a test has the marker.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

    from toolkit.client.client import Client
    from toolkit.replay.local_network import LocalNetwork

OPTION, SHORT = "--toolkit-record-mode", "--record-mode"
MAX_AGE = "--toolkit-max-age"
MODES = ("none", "once", "all")
MARKER = (
    "recording(file, provider=None, base_url=None, max_age=None, page=False, **network): run the test from this "
    "recording, which lies beside it; max_age says how old it may be (90d), provider and base_url say of what to "
    "record it, page records all that a browser needs as well, strict=False verifies nothing, the rest "
    "goes to LocalNetwork (match, pace, strict)"
)
KEYWORDS = ("provider", "base_url", "max_age", "match", "pace", "strict", "page")
OWN_FIXTURES = {"toolkit_client", "toolkit_network"}  # of tests that make calls of their own
CONTEXT_FIXTURES = {"page", "context", "new_context"}  # those of pytest-playwright that open a browser context
VISITING_FIXTURES = {*CONTEXT_FIXTURES, "toolkit_open_context", "toolkit_context_options"}


class Scene:
    """The recording that a test with the marker runs in, replayed or being made.

    `client` is a client of its provider. `network` is the local network, None while recording. `finish` is called once
    the test has passed, and can still fail it: it verifies the replay, or saves the recording. `lean` says that no
    browser can be replayed to.
    """

    def __init__(
        self, client: Client, network: LocalNetwork | None, finish: Callable[[], None], *, lean: bool = False
    ) -> None:
        self.client = client
        self.network = network
        self.finish = finish
        self.lean = lean


SCENE: pytest.StashKey[Scene] = pytest.StashKey()
NAME: pytest.StashKey[str] = pytest.StashKey()  # of the option, as it can be given in this run
USED_RECORDINGS: pytest.StashKey[set[str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("toolkit", "recordings of chat sites")
    told = "what may be recorded: none, once, all (--record-mode is short for it, unless another plugin has that)"
    group.addoption(OPTION, choices=MODES, default=None, help=told)
    parser.addini("toolkit_record_mode", f"record mode where {OPTION} is not given", default="none")
    group.addoption(MAX_AGE, default=None, metavar="AGE", help="fail tests whose recording is older: 12h, 90d, 8w")
    parser.addini("toolkit_max_age", f"how old a recording may be where {MAX_AGE} is not given", default="")
    parser.addini("toolkit_recordings", "folders whose unused recordings are reported", type="paths", default=[])


def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Read the short name of our option, unless another plugin has an option of that name. pytest takes `args` anew
    after this hook."""
    early_config.stash[NAME] = OPTION
    if not hasattr(parser.parse_known_args([f"{SHORT}=none"]), "record_mode"):
        early_config.stash[NAME] = SHORT
        args[:] = [arg.replace(SHORT, OPTION, 1) if arg.partition("=")[0] == SHORT else arg for arg in args]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    config.stash[USED_RECORDINGS] = set()
    _check_settings(config)


def _check_settings(config: pytest.Config) -> None:
    """Raises `pytest.UsageError` for a setting that means nothing, before any test does."""
    if (mode := config.getini("toolkit_record_mode")) not in MODES:
        raise pytest.UsageError(f"toolkit_record_mode is {mode!r}, and not one of {', '.join(MODES)}.")
    for name, age in ((MAX_AGE, config.getoption(MAX_AGE)), ("toolkit_max_age", config.getini("toolkit_max_age"))):
        if not age:
            continue
        from toolkit.errors import UsageError
        from toolkit.recording.age import parse_age

        try:
            parse_age(age)
        except UsageError as error:
            raise pytest.UsageError(f"{name}: {error}") from None


# --- the fixtures


@pytest.fixture
def toolkit_scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """The recording that the test's marker names, replayed or being made. Raises `pytest.UsageError` without marker."""
    from toolkit.errors import RecordingError

    marker = request.node.get_closest_marker("recording")
    if marker is None:
        raise pytest.UsageError(f"{request.node.nodeid} needs @pytest.mark.recording(FILE)")
    path = recording_path(request.node)
    mode = request.config.getoption(OPTION) or request.config.getini("toolkit_record_mode")
    arguments = {**marker.kwargs}
    max_age = arguments.pop("max_age", None) or request.config.getoption(MAX_AGE)
    max_age = max_age or request.config.getini("toolkit_max_age")
    with ExitStack() as stack:
        if mode == "all" or (mode == "once" and not path.exists()):
            scene = _record_scene(path, request.node.nodeid, **arguments)
        else:
            if not path.exists():
                hint = f"Make it: run pytest with {request.config.stash[NAME]}=once."
                raise RecordingError(f"There is no recording {path}.", hint=hint)
            names = set(request.fixturenames)
            visits = bool(VISITING_FIXTURES & names) and not OWN_FIXTURES & names
            pages_only = visits and not arguments.get("strict")
            scene = _replay_scene(path, stack, max_age, pages_only=pages_only, **arguments)
        request.node.stash[SCENE] = scene
        yield scene


@pytest.fixture
def toolkit_client(toolkit_scene: Scene) -> Client:
    """A client of the recording's provider. It begins with the recorded session, so it needs no browser."""
    return toolkit_scene.client


@pytest.fixture
def toolkit_network(toolkit_scene: Scene) -> LocalNetwork:
    """The local network that answers for the recorded hosts."""
    return _network_of(toolkit_scene)


# A test that asks for one of the next two only visits pages, so they do not ask for `toolkit_network` themselves.


@pytest.fixture
def toolkit_context_options(toolkit_scene: Scene) -> dict[str, Any]:
    """Arguments for Playwright's `browser.new_context()`, of either API: into the network, with the session. Raises
    `RecordingError` if the recording is lean."""
    from toolkit.errors import RecordingError

    if toolkit_scene.lean:
        hint = "Record it with `toolkit record --page`, or with page=True in the marker."
        raise RecordingError("The recording has a session, and no page that a browser could visit.", hint=hint)
    network = _network_of(toolkit_scene)
    # The browser was launched outside of this plugin, so it does not know the network's certificates.
    options = network.context_options(trusted=False)
    if network.session is not None:
        options["storage_state"] = network.session.to_storage_state()
    return options


@pytest.fixture
def toolkit_open_context(
    toolkit_scene: Scene, toolkit_context_options: dict[str, Any]
) -> Callable[[], AbstractAsyncContextManager[BrowserContext]]:
    """`async with toolkit_open_context() as context`: a context of Playwright's async API in a browser of its own."""

    @asynccontextmanager
    async def open_context() -> AsyncIterator[BrowserContext]:
        from toolkit.browser.driver import driver
        from toolkit.browser.launch import launch
        from toolkit.browser.profiles import Profile

        async with driver() as playwright:
            browser = await launch(playwright, Profile(), _network_of(toolkit_scene).route)
            try:
                yield await browser.new_context(**toolkit_context_options)
            finally:
                await browser.close()

    return open_context


@pytest.fixture(autouse=True)
def _toolkit_recording(request: pytest.FixtureRequest) -> None:
    """Runs every test with the marker in its recording, whatever fixtures it uses; pytest-playwright's contexts too."""
    if request.node.get_closest_marker("recording") is None:
        return
    request.getfixturevalue("toolkit_scene")
    if CONTEXT_FIXTURES & set(request.fixturenames):
        options = request.getfixturevalue("toolkit_context_options")
        own = request.node.get_closest_marker("browser_context_args")
        request.node.add_marker(pytest.mark.browser_context_args(**{**options, **(own.kwargs if own else {})}), False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Finish the recording of a test that has passed: its requests have to be the recorded ones."""
    result = yield
    if (scene := item.stash.get(SCENE, None)) is not None:
        scene.finish()
    return result


def recording_path(item: Any) -> Path:
    """The file that the marker of `item` names, relative to the test's file. Raises `pytest.UsageError` if the marker
    names no file, or has an unknown keyword."""
    marker = item.get_closest_marker("recording")
    if len(marker.args) != 1:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.recording takes one file")
    if unknown := sorted(set(marker.kwargs) - set(KEYWORDS)):
        problem = f"has no {', '.join(unknown)}; it takes {', '.join(KEYWORDS)}"
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.recording {problem}")
    return Path(item.path).parent / str(marker.args[0])


def _network_of(scene: Scene) -> LocalNetwork:
    if scene.network is None:
        pytest.skip("while recording there is no local network")
    return scene.network


def _replay_scene(
    path: Path,
    stack: ExitStack,
    max_age: str,
    *,
    pages_only: bool,
    provider: str | None = None,
    base_url: str | None = None,
    page: bool = False,
    **network: Any,
) -> Scene:
    from anyio.from_thread import start_blocking_portal

    from toolkit.client.client import Client
    from toolkit.errors import RecordingError
    from toolkit.recording.age import check_age, parse_age
    from toolkit.recording.files import load
    from toolkit.replay.local_network import LocalNetwork
    from toolkit.replay.network_guard import only_loopback
    from toolkit.stores.memory import MemoryStore

    recording = load(path)
    if max_age:
        check_age(recording, parse_age(max_age), datetime.now(UTC))
    chat = recording.chat
    name = provider or (chat.provider if chat else None)
    if name is None:
        raise RecordingError(f"{path} does not tell of which provider it is.", hint="Say provider=NAME in the marker.")
    # The network runs in a thread of its own, so that it serves sync and async tests, and outlives their event loops.
    portal = stack.enter_context(start_blocking_portal())
    local = stack.enter_context(portal.wrap_async_context_manager(LocalNetwork(recording=recording, **network)))
    stack.enter_context(only_loopback())
    client = Client(
        name,
        base_url=base_url or (chat.base_url if chat else None),
        session=local.session,
        store=MemoryStore(),
        route=local.route,
    )
    verify = partial(local.verify, pages_only=pages_only) if network.get("strict") is not False else lambda: None
    return Scene(client, local, verify, lean=recording.lean)


def _record_scene(
    path: Path,
    test: str,
    *,
    provider: str | None = None,
    base_url: str | None = None,
    page: bool = False,
    **network: Any,
) -> Scene:
    from toolkit.client.client import Client
    from toolkit.providers import registry
    from toolkit.recording.files import save
    from toolkit.recording.recorder import Recorder

    if provider is None:
        raise pytest.UsageError(f"{test}: to record it, @pytest.mark.recording needs provider=NAME")
    kind = registry.find(provider)
    recorder = Recorder(random=kind.random, uncompared=kind.uncompared, page=page)
    client = Client(kind, base_url=base_url, recorder=recorder)

    def finish() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(recorder.recording(f"Recorded by the test {test} from {client.provider.site}."), path)

    return Scene(client, None, finish)


# --- the report of recordings that no test uses


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note the recordings of all tests, also of those that are deselected afterwards."""
    marked = (item for item in items if item.get_closest_marker("recording"))
    config.stash[USED_RECORDINGS].update(str(recording_path(item).resolve()) for item in marked)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # a worker of pytest-xdist
        used: set[str] = session.config.stash[USED_RECORDINGS]
        session.config.workeroutput["toolkit_used"] = sorted(used)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of pytest-xdist noted: only workers collect tests, and each reports when it ends."""
    node.config.stash[USED_RECORDINGS].update(getattr(node, "workeroutput", {}).get("toolkit_used", ()))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """List the recordings that no test uses, unless only some tests were to run."""
    folders: Iterable[Path] = config.getini("toolkit_recordings")
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        return
    existing = {file.resolve() for folder in folders for file in Path(folder).rglob("*.har")}
    if unused := sorted(existing - {Path(file) for file in config.stash[USED_RECORDINGS]}):
        terminalreporter.section("recordings that no test uses")
        for file in unused:
            terminalreporter.line(str(file))
