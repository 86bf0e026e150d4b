"""`toolkit new`: writes a provider from a recording of its site's page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli.options import base_url_option, check_encoding, debug_option
from toolkit.cli.output import echo, echo_json
from toolkit.cli.status_line import notify, status
from toolkit.cli.table import Column

if TYPE_CHECKING:
    from toolkit.cli.exit_codes import ExitCode
    from toolkit.scaffold.explanation import Row
    from toolkit.scaffold.facts import Findings
    from toolkit.scaffold.scaffold import Scaffolded

COLUMNS: tuple[Column[Row], ...] = (
    Column("fact", lambda row: row.fact),
    Column("evidence", lambda row: row.evidence),
    Column("certainty", lambda row: row.certainty, style=lambda row: "yellow" if row.certainty == "to check" else ""),
)


@click.command(short_help="Write a provider from a recording of a site's page.")
@click.argument("name")
@click.option(
    "--from",
    "file",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A HAR in which the page asks: of DevTools, Firefox, Playwright, or of ours.",
)
@click.option("--question", required=True, callback=check_encoding, metavar="TEXT", help="What was asked, as typed.")
@click.option("--answer", callback=check_encoding, metavar="TEXT", help="What the page showed, where texts compete.")
@click.option(
    "--output",
    "-o",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that is made; by default NAME.",
)
@base_url_option
@click.option("--explain", is_flag=True, help="Print what was inferred, from what, and how certain it is.")
@click.option("--live", is_flag=True, help="Ask the site one question at the end.")
@click.option("--json", "as_json", is_flag=True, help="Print what was inferred as JSON.")
@debug_option
def new(
    name: str,
    file: Path,
    question: str,
    answer: str | None,
    output: Path | None,
    base_url: str | None,
    explain: bool,
    live: bool,
    as_json: bool,
) -> ExitCode:
    """Write the provider NAME, a package in a folder, from a recording in which a site's page asks a QUESTION.

    It is inferred which request asks, which answers and how that is read, where each value comes from, what the session
    needs, and the models. A recording tells most with three questions: one, one in a new chat, one more in that. The
    provider is then proved offline: it has to ask as the page did, give the page's answers, and keep the contract of
    providers. Nothing leaves this machine without --live. Exit code 1 where the proof fails.
    """
    from toolkit.cli.exit_codes import ExitCode
    from toolkit.cli.runner import start_runner
    from toolkit.providers.provider_files import link_provider_file
    from toolkit.recording.foreign_files import read_foreign_file
    from toolkit.recording.foreign_har import parse_foreign_har
    from toolkit.scaffold.infer import infer
    from toolkit.scaffold.scaffold import check_name, scaffold

    check_name(name)
    folder = output or Path(name)
    with start_runner() as runner:
        with status("reading the recording"):
            har = parse_foreign_har(str(file), *read_foreign_file(file))
            findings = infer(har, question=question, answer=answer, base_url=base_url)
        if explain:
            _print_table(findings)
        with status("proving the provider offline"):
            made = runner.run(scaffold(name, har, findings, folder))
        link_provider_file(name, made.file)
        if as_json:
            from toolkit.scaffold.scaffold import as_json as document

            echo_json(document(findings) | {"failures": list(made.proof.failures)})
        _report(name, folder, findings, made)
        if live and not made.proof.failures:
            with status(f"asking {findings.origin}"):
                text = runner.run(_ask(made, findings))
            echo(f"the page's answer: {findings.asked[0].answer}", f"the answer now: {text}")
    return ExitCode.ERROR if made.proof.failures else ExitCode.DONE


def _print_table(findings: Findings) -> None:
    from toolkit.cli.table import print_table
    from toolkit.scaffold.explanation import explain

    print_table(COLUMNS, explain(findings))


def _report(name: str, folder: Path, findings: Findings, made: Scaffolded) -> None:
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
    first = f"`toolkit login {name}`, then " if findings.needs_auth else ""
    notify(f'note: try it: {first}`toolkit chat {name} "Hello"`')


async def _ask(made: Scaffolded, findings: Findings) -> str:
    from toolkit.client.client import Client

    async with Client(made.kind) as client:
        return await client.chat(findings.asked[0].question).text()
