"""The names that the arguments of Python calls have on the command line."""

from __future__ import annotations

import re

from toolkit.cli.timeout_option import OPTIONS_OF_DEADLINES

_OPTIONS = (
    (re.compile(r"`base_url`|^base_url|(?<= )base_url(?= is)"), "`--base-url`"),
    (re.compile(r"`fn`"), "`--option fn=NAME`"),
    (re.compile(r"`max_tokens`"), "`--max-tokens`"),
)
# A setting that a note is about (`toolkit.providers.setting_notes`).
_SETTING = re.compile(r"(?<=cannot be told )(?:model|temperature|max_tokens)\b|^(?:temperature|max_tokens)(?= is at )")


# A field of `toolkit.chats.deadlines.Deadlines`, as errors name it.
_DEADLINE = re.compile(r"`Deadlines\((\w+)=\.\.\.\)`")


def with_option_names(text: str) -> str:
    """Returns `text`, of an error or a note, with the options of `toolkit` in the place of Python's arguments."""
    for argument, option in _OPTIONS:
        text = argument.sub(option, text)
    text = _DEADLINE.sub(lambda match: f"`--timeout {OPTIONS_OF_DEADLINES.get(match[1], match[1])}=SECONDS`", text)
    return _SETTING.sub(lambda match: f"--{match[0].replace('_', '-')}", text)
