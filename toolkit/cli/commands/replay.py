"""`toolkit replay`: runs another program with recordings in place of the network."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli.error_report import print_error
from toolkit.cli.options import debug_option
from toolkit.cli.output import echo_text

if TYPE_CHECKING:
    from toolkit.har.model import Recording

NO_REQUESTS = "No request came here. Does the command follow HTTPS_PROXY and SSL_CERT_FILE? See toolkit replay --help."


class _CommandWithProgram(click.Command):
    """A click command that takes another command line after `--`, as a tuple in its argument `program`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        ctx.params["program"] = tuple(args[at + 1 :])
        return super().parse_args(ctx, args[:at])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "-- COMMAND ..."]


def _parse_pace(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """Returns the factor for the recorded gaps. Raises `click.BadParameter` unless it is 0 or more. A callback."""
    try:
        pace = 1.0 if value == "recorded" else float(value)
    except ValueError:
        pace = -1.0
    if not 0 <= pace < float("inf"):
        raise click.BadParameter(f"{value!r} is neither 'recorded' nor a factor such as 0 or 0.5.", ctx, param)
    return pace


@click.command(cls=_CommandWithProgram)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--pace",
    callback=_parse_pace,
    default="0",
    metavar="FACTOR",
    help="Gaps of streams: recorded, or a factor; 0 is none.",
)
@click.option("--strict/--no-strict", default=True, help="Whether differences from the recording fail at the end.")
@click.option(
    "--keep-env",
    multiple=True,
    metavar="NAME",
    help="A variable that COMMAND gets as it is, though it holds a secret of the toolkit's.",
)
@debug_option
def replay(
    files: tuple[str, ...], pace: float, strict: bool, keep_env: tuple[str, ...], program: tuple[str, ...]
) -> int:
    """Run COMMAND with recordings (HAR) in the place of the network.

    Its environment leads it into a local network, which answers for the recorded hosts and refuses all others:
    HTTPS_PROXY and its like, and SSL_CERT_FILE and its like. curl, Python's urllib, requests, httpx and aiohttp
    (with trust_env=True) follow these, and so do the toolkit's own client and `toolkit chat`. wget needs
    --ca-certificate="$SSL_CERT_FILE", and Node's fetch an agent that follows HTTPS_PROXY, up to version 23.

    COMMAND does not get the passphrase of the store, sessions that are handed in (TOOLKIT_SESSION_...), and the
    passwords of proxies and of Redis, unless --keep-env names the variable.

    The exit code is COMMAND's own, or 1 where only the replay failed: a request that is not in the recording, a host
    that is not, or a recorded call that was never made.
    """
    if not program:
        raise click.UsageError("Which command? Write it after two dashes: toolkit replay FILE -- COMMAND ...")
    import asyncio

    return asyncio.run(_replay(files, program, pace, strict, keep_env))


async def _replay(
    files: tuple[str, ...], program: tuple[str, ...], pace: float, strict: bool, keep_env: tuple[str, ...]
) -> int:
    from toolkit.browser.child_environment import without_secrets
    from toolkit.cli.child_process import run_program
    from toolkit.cli.exit_codes import ExitCode
    from toolkit.errors import ReplayMismatch
    from toolkit.recording.files import load
    from toolkit.replay.local_network import LocalNetwork

    recordings = [load(file) for file in files]
    async with LocalNetwork(recording=recordings, pace=pace) as network:
        # The program gets an empty state folder: it neither uses nor overwrites the person's own sessions.
        with tempfile.TemporaryDirectory(prefix="toolkit-replay-") as folder:
            environ = (
                without_secrets(os.environ, keep_env)
                | network.environ()
                | await _prepare_state(Path(folder), recordings)
            )
            code = await run_program(program, environ)
    if strict:
        try:
            network.verify()
        except ReplayMismatch as error:
            print_error(str(error))
            if not network.log and not network.refused:
                echo_text(NO_REQUESTS, err=True)
            code = code or ExitCode.ERROR
    return code


async def _prepare_state(folder: Path, recordings: list[Recording]) -> dict[str, str]:
    """Stores the sessions that the recordings began with in a new store in `folder`.

    Returns the environment variables that make a toolkit in the program use that folder and store.
    """
    from toolkit.files.state_folder import STATE_VARIABLE, STORE_VARIABLE
    from toolkit.stores.base import Key
    from toolkit.stores.file import FileStore

    store = FileStore(folder / "sessions")
    for recording in recordings:
        if recording.session is not None:
            session = recording.session.to_session()
            await store.save(Key(session.provider, session.origin, session.account), session)
    return {STATE_VARIABLE: str(folder), STORE_VARIABLE: "file"}
