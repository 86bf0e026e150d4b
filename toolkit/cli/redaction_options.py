"""The options that say what is secret in a recording besides what redaction knows, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from toolkit.cli.options import F, group_options

if TYPE_CHECKING:
    from toolkit.redaction.rules import Rules


class RedactionOptions(NamedTuple):
    """The values of the options, which are the fields of `toolkit.redaction.rules.Rules`."""

    headers: tuple[str, ...]
    query: tuple[str, ...]
    json_paths: tuple[str, ...]
    patterns: tuple[str, ...]
    keep: tuple[str, ...]
    keep_identity: bool | None

    def __repr__(self) -> str:  # a pattern may be the secret itself
        return f"<RedactionOptions {sum(len(one) for one in self if isinstance(one, tuple))} rules>"

    def rules(self, keep: tuple[str, ...] = ()) -> Rules:
        """Returns the rules, with `keep` as further names to keep. Raises `UsageError` for one that cannot be used."""
        from toolkit.redaction.rules import Rules

        return Rules(**{**self._asdict(), "keep": tuple(dict.fromkeys((*keep, *self.keep)))})


_OPTIONS = (
    click.option(
        "--redact-header", "headers", multiple=True, metavar="NAME", help="Take out the value of this header too."
    ),
    click.option("--redact-query", "query", multiple=True, metavar="NAME", help="... of this query parameter."),
    click.option(
        "--redact-json", "json_paths", multiple=True, metavar="PATH", help="... at this place, such as $.data.key."
    ),
    click.option(
        "--redact-pattern", "patterns", multiple=True, metavar="REGEX", help="... what this matches, anywhere."
    ),
    click.option(
        "--keep", multiple=True, metavar="NAME", help="A cookie, header, parameter or field that is no secret."
    ),
    click.option(
        "--keep-identity/--no-keep-identity",
        default=None,
        help="Leave in who is signed in: e-mail, name, id, picture; or take it out of a file that was to tell it.",
    ),
)


def redaction_options(command: F) -> F:
    """Adds the options of `RedactionOptions`. The command gets one as argument `redaction`."""
    return group_options(command, "redaction", RedactionOptions, _OPTIONS)
