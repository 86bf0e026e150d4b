"""The pytest plugin, as somebody's own test suite has it: each test here is a small suite, run for real."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import toolkit
from tests.cli import forked
from tests.sites.aura import AuraSite
from tests.sites.serving import serve

DEMOS = Path(toolkit.__file__).parent / "recording" / "demos"
PROMPT = "Why is the sky blue? Answer in one sentence, with an emoji."


# Hypothesis, which none of these suites needs, takes as long to import as all the rest.
INI = """[pytest]
addopts = -p no:hypothesispytest
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with the demo recordings, and async tests that run by themselves."""
    for demo in DEMOS.glob("*.har"):
        shutil.copy(demo, pytester.path)
    pytester.makeini(INI)
    return pytester


async def run(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run it in a process of its own, which has pytest and its plugins loaded already."""
    command = forked.Command([*arguments], {**os.environ}, str(suite.path), module=forked.PYTEST)
    code, out, err = await forked.run(command, b"")
    return pytest.RunResult(code, out.decode().splitlines(), err.decode().splitlines(), 0.0)


def lines(result: pytest.RunResult) -> str:
    return "\n".join(result.outlines)


async def test_a_test_needs_three_lines_and_no_browser(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each provider, with a session from the recording, where no browser can be found."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(suite.path / "none"))
    for name in ("aura", "codelinkava", "aichatonline", "openassistant"):
        suite.makepyfile(
            **{
                f"test_{name}": f"""
                import pytest

                @pytest.mark.recording("{name}.har")
                async def test_the_sky(toolkit_client):
                    assert "blue" in await toolkit_client.chat("{PROMPT}").text()
                """
            }
        )
    (await run(suite)).assert_outcomes(passed=4)


async def test_another_question_fails_the_test(suite: pytest.Pytester) -> None:
    """A request that was not recorded is told with the difference, and fails the test even if it is swallowed."""
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.recording("aura.har")
        async def test_swallowed(toolkit_client):
            try:
                await toolkit_client.chat("Hi").text()
            except Exception:
                pass
        """
    )
    result = await run(suite)
    result.assert_outcomes(failed=1)
    assert "body.messages[0].content: recorded 'Why is the sky blue?" in lines(result)
    assert "got 'Hi'" in lines(result)


async def test_what_is_never_played_fails_the_test(suite: pytest.Pytester) -> None:
    """A test that does not ask what was recorded proves nothing."""
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.recording("aura.har")
        def test_idle():
            pass

        @pytest.mark.recording("nowhere.har")
        def test_without():
            pass
        """
    )
    result = await run(suite)
    result.assert_outcomes(failed=1, errors=1)
    assert "never played: POST https://openchat.team/api/chat" in lines(result)
    assert "There is no recording" in lines(result)


async def test_the_outside_network_is_shut(suite: pytest.Pytester) -> None:
    """During a test with the marker, and only then; names are not even looked up."""
    suite.makepyfile(
        f"""
        import socket
        import pytest
        from toolkit.errors import RecordingError

        @pytest.mark.recording("aura.har")
        async def test_shut(toolkit_client):
            with pytest.raises(RecordingError, match="wanted to reach 192.0.2.1"):
                socket.create_connection(("192.0.2.1", 80), 1)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, pytest.raises(RecordingError):
                udp.sendmsg([b"x"], [], 0, ("192.0.2.1", 53))
            with pytest.raises(RecordingError, match="wanted to reach x.test"):
                socket.getaddrinfo("x.test", 80)
            await toolkit_client.chat("{PROMPT}").text()

        def test_open():
            with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
                pass
            with pytest.raises(OSError) as caught:
                socket.getaddrinfo("name.invalid", 80)
            assert not isinstance(caught.value, RecordingError)
        """
    )
    (await run(suite)).assert_outcomes(passed=2)


async def test_playwrights_fixtures_live_in_the_recording(suite: pytest.Pytester) -> None:
    """pytest-playwright's `page`, unchanged, visits the recorded site; its own options for the context are kept."""
    suite.makeini(PLAYWRIGHT_INI)
    suite.makeconftest(BROWSER)
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.recording("aura.har")
        @pytest.mark.browser_context_args(locale="de-DE")
        def test_page(page):
            page.goto("https://openchat.team/")
            page.locator("textarea").wait_for()
            assert page.evaluate("navigator.language") == "de-DE"
            assert page.evaluate("fetch('https://elsewhere.test/').then(() => 'there', () => 'refused')") == "refused"
        """
    )
    result = await run(suite)
    result.assert_outcomes(failed=1)  # for the host that is not recorded
    assert "elsewhere.test:443 was refused: nothing of it is recorded" in lines(result)
    assert "never played: POST" not in lines(result)  # no call of a client belongs to such a test
    assert "assert " not in lines(result)


@pytest.mark.parametrize(
    ("marker", "asked", "differences"),
    [
        ("", "'/later'", []),
        (", strict=True", "'/later'", ["never played: POST {origin}", "{origin}/later"]),
        ("", "'/api/more', {method: 'POST'}", ["{origin}/api/more"]),
        (", strict=False", "'/api/more', {method: 'POST'}", []),
    ],
)
@pytest.mark.parametrize("visit", ["with Playwright's plugin", "with ours"])
async def test_a_page_goes_on_to_read(
    suite: pytest.Pytester, visit: str, marker: str, asked: str, differences: list[str]
) -> None:
    """A test that only visits a page need not make the recorded call, and what the page reads beyond its recording
    fails it if the marker is strict; what it sends beyond that does, unless the marker says that it is not."""
    suite.makeini(PLAYWRIGHT_INI)
    suite.makeconftest(BROWSER)
    async with serve(AuraSite().app()) as origin:
        suite.makepyfile(TEST_OF_A_PAGE.format(origin=origin, whole=True) + VISITS[visit].format(**locals()))
        recorded = await run(suite, "--record-mode=once", "-k", "answer")
        recorded.assert_outcomes(passed=1, deselected=2)
    visited = await run(suite, "-k", "visit")
    assert visited.ret == bool(differences)
    assert all(one.format(origin=origin) in lines(visited) for one in differences)


PLAYWRIGHT_INI = INI.replace("error", "default")  # a plugin that pytest-playwright needs is behind pytest's times
# Playwright's own browser may be another one than that of this machine.
BROWSER = """
import pytest
from toolkit.browser.installed_browsers import find_browser
from toolkit.browser.profiles import Profile

@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, browser_type):
    found = find_browser(Profile(), browser_type.executable_path)
    return {**browser_type_launch_args, "executable_path": found.path}
"""
VISITS = {
    "with Playwright's plugin": """
@pytest.mark.recording("page.har"{marker})
def test_visit(page):
    page.goto("{origin}")
    page.evaluate("fetch({asked}).then(() => 0)")
""",
    "with ours": """
@pytest.mark.recording("page.har"{marker})
async def test_visit(toolkit_open_context):
    async with toolkit_open_context() as context:
        page = await context.new_page()
        await page.goto("{origin}")
        await page.evaluate("fetch({asked}).then(() => 0)")
""",
}


async def test_an_async_context_lives_in_the_recording(suite: pytest.Pytester) -> None:
    """`toolkit_open_context` starts a browser and leads it there; the client goes on with what the page left."""
    suite.makepyfile(
        f"""
        import pytest
        from toolkit import Client

        @pytest.mark.recording("openassistant.har")
        async def test_context(toolkit_open_context, toolkit_network):
            async with toolkit_open_context() as context:
                async with Client("openassistant", context=context, route=toolkit_network.route) as client:
                    assert "blue" in await client.chat("{PROMPT}").text()
        """
    )
    (await run(suite)).assert_outcomes(passed=1)


TEST_THAT_RECORDS = """
import pytest

@pytest.mark.recording("new/answer.har", provider="aura", base_url="{origin}")
async def test_answer(toolkit_client):
    assert "done" in await toolkit_client.chat("Hi").text()
"""


async def test_recording_is_a_switch_away(suite: pytest.Pytester) -> None:
    """`none` says how to record, `once` makes what is missing, and then the site is not needed any more."""
    site = AuraSite()
    async with serve(site.app()) as origin:
        suite.makepyfile(TEST_THAT_RECORDS.format(origin=origin))
        missing = await run(suite)
        missing.assert_outcomes(errors=1)
        assert "--record-mode=once" in lines(missing)
        (await run(suite, "--record-mode=once")).assert_outcomes(passed=1)
        asked = len(site.requests)
        assert asked > 0
        (await run(suite, "--record-mode=once")).assert_outcomes(passed=1)
        assert len(site.requests) == asked
    (await run(suite)).assert_outcomes(passed=1)


TEST_OF_A_PAGE = """
import pytest

@pytest.mark.recording("page.har", provider="aura", base_url="{origin}", page={whole})
async def test_answer(toolkit_client):
    await toolkit_client.harvest()
    assert "done" in await toolkit_client.chat("Hi").text()

@pytest.mark.recording("page.har")
async def test_page(toolkit_open_context, toolkit_client):
    assert "done" in await toolkit_client.chat("Hi").text()
    async with toolkit_open_context() as context:
        page = await context.new_page()
        await page.goto("{origin}")
"""


@pytest.mark.parametrize("whole", [False, True])
async def test_a_browser_needs_a_recording_of_the_page(suite: pytest.Pytester, whole: bool) -> None:
    """A recording is of the session, so a test that visits the page is told how to record that as well."""
    site = AuraSite()
    async with serve(site.app()) as origin:
        suite.makepyfile(TEST_OF_A_PAGE.format(origin=origin, whole=whole))
        recorded = await run(suite, "--record-mode=once", "-k", "answer")
        recorded.assert_outcomes(passed=1, deselected=1)
    replayed = await run(suite, "-k", "test_page")
    if whole:
        replayed.assert_outcomes(passed=1, deselected=1)
    else:
        replayed.assert_outcomes(errors=1, deselected=1)
        assert "`toolkit record --page`, or with page=True in the marker" in lines(replayed)


async def test_mistakes_are_told(suite: pytest.Pytester) -> None:
    """A client without the marker, a marker without a file, a keyword that there is not."""
    suite.makepyfile(
        """
        import pytest

        def test_unmarked(toolkit_client):
            pass
        """
    )
    result = await run(suite)
    assert "needs @pytest.mark.recording(FILE)" in lines(result)
    suite.makepyfile("import pytest\n@pytest.mark.recording()\ndef test_x(toolkit_client): pass")
    result = await run(suite)
    assert "takes one file" in "\n".join(result.outlines + result.errlines)
    suite.makepyfile("import pytest\n@pytest.mark.recording('aura.har', pase=1)\ndef test_x(toolkit_client): pass")
    result = await run(suite)
    told = "has no pase; it takes provider, base_url, max_age, match, pace, strict, page"
    assert told in "\n".join(result.outlines + result.errlines)


async def test_unused_recordings_are_reported(suite: pytest.Pytester) -> None:
    """By a run of everything, with pytest-xdist too; not by a run of a part."""
    suite.makeini(INI + "toolkit_recordings = .\n")
    suite.makepyfile(
        f"""
        import pytest

        @pytest.mark.recording("aura.har")
        async def test_used(toolkit_client):
            assert await toolkit_client.chat("{PROMPT}").text()
        """
    )
    for arguments in (("-k", "nothing"), ("-n", "1")):
        told = lines(await run(suite, *arguments))
        assert "recordings that no test uses" in told
        assert "codelinkava.har" in told
        assert "aura.har" not in told.split("recordings that no test uses")[1]
    assert "no test uses" not in lines(await run(suite, str(suite.path / "test_unused_recordings_are_reported.py")))


async def test_a_recording_can_be_too_old(suite: pytest.Pytester) -> None:
    """The test fails and says how old it is; the marker goes before the option, and that before the ini file."""
    suite.makepyfile(
        f"""
        import pytest

        @pytest.mark.recording("aura.har")
        async def test_as_the_team_allows(toolkit_client):
            await toolkit_client.chat("{PROMPT}").text()

        @pytest.mark.recording("aura.har", max_age="36500d")
        async def test_of_its_own(toolkit_client):
            await toolkit_client.chat("{PROMPT}").text()
        """
    )
    (await run(suite)).assert_outcomes(passed=2)
    result = await run(suite, "--toolkit-max-age=1h")
    result.assert_outcomes(passed=1, errors=1)
    assert "old, and 1 hours are allowed." in lines(result)
    assert "toolkit recording drift" in lines(result)
    suite.makeini(f"{INI}toolkit_max_age = 1h\n")
    (await run(suite)).assert_outcomes(passed=1, errors=1)
    (await run(suite, "--toolkit-max-age=36500d")).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("ini", "option", "told"),
    [
        ("", "--toolkit-max-age=soon", "--toolkit-max-age: 'soon' is no age: write a number of hours, days or weeks"),
        ("toolkit_max_age = 0d", "", "toolkit_max_age: '0d' is no age"),
        ("toolkit_record_mode = some", "", "toolkit_record_mode is 'some', and not one of none, once, all."),
    ],
)
async def test_a_setting_that_means_nothing_ends_the_run(
    suite: pytest.Pytester, ini: str, option: str, told: str
) -> None:
    """In one line, before any test runs, as pytest does for its own."""
    suite.makepyfile("def test_nothing(): pass")
    suite.makeini(f"{INI}{ini}\n")
    result = await run(suite, *filter(None, [option]))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {told}" in "\n".join(result.errlines)
    assert "Traceback" not in "\n".join([*result.errlines, *result.outlines])
