"""`toolkit new`: writes a provider from one chat in a window, or from a recording of a site's page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli.options import Target, check_encoding, new_site_options
from toolkit.cli.output import echo, echo_json
from toolkit.cli.status_line import notify, status
from toolkit.cli.table import Column

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from toolkit.cli.exit_codes import ExitCode
    from toolkit.cli.new_recording import NewRecording
    from toolkit.scaffold.explanation import Row
    from toolkit.scaffold.facts import Findings
    from toolkit.scaffold.scaffold import Scaffolded

COLUMNS: tuple[Column[Row], ...] = (
    Column("fact", lambda row: row.fact),
    Column("evidence", lambda row: row.evidence),
    Column("certainty", lambda row: row.certainty, style=lambda row: "yellow" if row.certainty == "to check" else ""),
)


@click.command(short_help="Write a provider for a site, from one chat in a window.")
@click.argument("name")
@click.option(
    "--from",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="No window, but a HAR in which the page asks: of DevTools, Firefox, Playwright, or of ours.",
)
@click.option("--question", callback=check_encoding, metavar="TEXT", help="What was asked there, as typed.")
@click.option("--answer", callback=check_encoding, metavar="TEXT", help="What the page showed, where texts compete.")
@click.option(
    "--output",
    "-o",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that is made; by default NAME.",
)
@click.option("--explain", is_flag=True, help="Print what was inferred, from what, and how certain it is.")
@click.option("--live", is_flag=True, help="Ask the site one question at the end.")
@click.option("--json", "as_json", is_flag=True, help="Print what was inferred as JSON.")
@new_site_options
def new(
    name: str,
    file: Path | None,
    question: str | None,
    answer: str | None,
    output: Path | None,
    explain: bool,
    live: bool,
    as_json: bool,
    target: Target,
) -> ExitCode:
    """Write the provider NAME, a package in a folder, for the chat site at --base-url.

    A window opens there. You log in, if the site asks for it, and ask three questions that you are told. From what the
    page sends and receives it is inferred which request asks, which answers and how that is read, where each value
    comes from, what the session needs, and the models. The provider is then proved offline: it has to ask as the page
    did, give the page's answers, and keep the contract of providers. Your session is kept, so that it can be asked at
    once.

    With --from FILE --question TEXT, a recording takes the place of the window. It tells most with three questions:
    one, one in a new chat, and one more in that. Nothing leaves this machine then, but with --live.

    Exit code 1 where the proof fails.
    """
    from toolkit.cli.exit_codes import ExitCode
    from toolkit.cli.new_recording import recorded_in_file, recorded_in_window
    from toolkit.cli.runner import start_runner
    from toolkit.providers.provider_files import link_provider_file, provider_files
    from toolkit.scaffold.infer import infer
    from toolkit.scaffold.scaffold import check_folder, check_name, scaffold
    from toolkit.session.site_address import normalize_base_url

    check_name(name)
    folder = output or Path(name)
    check_folder(folder)
    recording: AbstractAsyncContextManager[NewRecording]
    if file is not None:
        if question is None:
            raise click.UsageError("--from needs --question: what was asked in the page, as typed.")
        recording = recorded_in_file(file, question)
    elif question is not None or answer is not None:
        raise click.UsageError("--question and --answer go with --from; the window tells what to ask.")
    elif target.base_url is not None:
        recording = recorded_in_window(name, normalize_base_url(target.base_url), target)
    else:
        raise click.UsageError(
            f"Say where the site is: `toolkit new {name} --base-url https://chat.example.org`, "
            "or what was recorded there: `--from FILE.har --question TEXT`."
        )
    with start_runner() as runner, runner.async_with(recording) as recorded:
        with status("reading the recording"):
            har = recorded.har
            base_url = target.base_url if file is not None else None
            findings = infer(har, question=recorded.question, answer=answer, base_url=base_url)
        if explain:
            _print_table(findings)
        with status("proving the provider offline"):
            made = runner.run(scaffold(name, har, findings, folder))
        before = provider_files().get(name, made.file).resolve()
        link_provider_file(name, made.file)
        if before != made.file.resolve():
            notify(f"note: {name} was the provider in {before} until now")
        logged_in = runner.run(recorded.keep_session(made.kind, target))
        if as_json:
            from toolkit.scaffold.scaffold import as_json as document

            echo_json(document(findings) | {"failures": list(made.proof.failures)})
        _report(name, folder, findings, made, needs_login=findings.needs_auth and not logged_in)
        if live and not made.proof.failures:
            with status(f"asking {findings.origin}"):
                text = runner.run(_ask(made, findings, target))
            echo(f"the page's answer: {findings.asked[0].answer}", f"the answer now: {text}")
    return ExitCode.ERROR if made.proof.failures else ExitCode.DONE


def _print_table(findings: Findings) -> None:
    from toolkit.cli.table import print_table
    from toolkit.scaffold.explanation import explain

    print_table(COLUMNS, explain(findings))


def _report(name: str, folder: Path, findings: Findings, made: Scaffolded, *, needs_login: bool) -> None:
    answers = zip(findings.asked, made.proof.answers, strict=True)
    same = sum(bool(asked.answer) and asked.answer == given for asked, given in answers)
    known = sum(bool(asked.answer) for asked in findings.asked)
    notify(f"note: wrote {folder}: {name}.py, its test, its recording; README.md says how it was inferred")
    for note in findings.notes:
        notify(f"note: {note}")
    for failure in made.proof.failures:
        notify(f"error: {failure}")
    if made.proof.failures:
        notify(
            f"error: {name} is not proved: {folder / name}.py has to be mended, then `pytest -q` in {folder} checks it"
        )
        return
    notify(f"note: proved offline: {same} of {known} answers are the page's, and the contract holds")
    first = f"`toolkit login {name}`, then " if needs_login else ""
    notify(f'note: try it: {first}`toolkit chat {name} "Hello"`')


async def _ask(made: Scaffolded, findings: Findings, target: Target) -> str:
    from toolkit.client.client import Client

    async with Client(made.kind, account=target.account, proxy=target.proxy, store=target.store) as client:
        return await client.chat(findings.asked[0].question).text()
