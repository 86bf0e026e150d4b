"""What a page still lacks of what its recipe needs: the kinds of it, and the words for each of them."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple


class MissingKind(Enum):
    """What kind of thing a page lacks. `Missing.name` says which one."""

    LOGIN = auto()  # nobody is signed in, as the page's address or the probe (its path) tells
    IDENTITY = auto()  # the probe (its path) is answered, but the answer names nobody
    PROBE_ANSWER = auto()  # the probe (its path) is not answered
    COOKIE = auto()
    STORAGE_KEY = auto()
    TOKEN = auto()  # the recipe's; the name is the place where it would be
    FRESH_TOKEN = auto()  # ... which is there, but has ended
    ELEMENT = auto()  # a CSS selector
    RESPONSE = auto()  # of the page itself: a dialog holds it up, or a script


class Missing(NamedTuple):
    """One thing that the page lacks. `places` are where an identity was looked for in the probe's answer."""

    kind: MissingKind
    name: str = ""
    places: tuple[str, ...] = ()

    def __str__(self) -> str:
        """It in the words of the person at the window, as they follow "After 300 s" and, with "and", each other."""
        match self.kind:
            case MissingKind.LOGIN if self.name:
                return f"you are not signed in yet as far as {self.name} tells"
            case MissingKind.LOGIN:
                return "you are not signed in yet: the page is still one to log in at"
            case MissingKind.IDENTITY:
                where = " or ".join(self.places)
                return f"you are not signed in yet as far as {self.name} tells: it names nobody at {where}"
            case MissingKind.PROBE_ANSWER:
                return f"the site gives no answer at {self.name} that tells whether you are signed in"
            case MissingKind.COOKIE:
                return f"the site has not set the cookie {self.name}"
            case MissingKind.STORAGE_KEY:
                return f"the page has not stored {self.name}"
            case MissingKind.TOKEN:
                return f"the page has not stored a token in the {self.name}"
            case MissingKind.FRESH_TOKEN:
                return f"the token that the page has stored in the {self.name} has ended"
            case MissingKind.ELEMENT:
                return f"the page does not show {self.name}"
            case MissingKind.RESPONSE:
                return "the page does not respond: a dialog in it is open, or a script of it does not end"


def in_words(missing: list[Missing]) -> str:
    """All of `missing` as one sentence without its end."""
    *others, last = map(str, missing)
    return f"{', '.join(others)}, and {last}" if others else last
