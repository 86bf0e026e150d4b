"""What a page still lacks of what its recipe needs: the kinds of it, and the words for each of them."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple


class MissingKind(Enum):
    """What kind of thing a page lacks. `Missing.name` says which one."""

    LOGIN = auto()  # nobody is signed in
    IDENTITY = auto()  # the probe (its path) is answered, but the answer names nobody
    PROBE_ANSWER = auto()  # the probe (its path) is not answered
    COOKIE = auto()
    STORAGE_KEY = auto()
    TOKEN = auto()  # the recipe's; the name is the place where it would be
    FRESH_TOKEN = auto()  # ... which is there, but has ended
    ELEMENT = auto()  # a CSS selector


class Missing(NamedTuple):
    """One thing that the page lacks. `places` are where an identity was looked for in the probe's answer."""

    kind: MissingKind
    name: str = ""
    places: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The words for it, as they follow "the page still has no"."""
        match self.kind:
            case MissingKind.LOGIN:
                return "login"
            case MissingKind.IDENTITY:
                return f"login ({self.name} tells nobody at {' or '.join(self.places)})"
            case MissingKind.PROBE_ANSWER:
                return f"answer of {self.name}"
            case MissingKind.COOKIE:
                return f"cookie {self.name}"
            case MissingKind.STORAGE_KEY:
                return f"storage key {self.name}"
            case MissingKind.TOKEN:
                return f"token in the {self.name}"
            case MissingKind.FRESH_TOKEN:
                return f"token that has not ended in the {self.name}"
            case MissingKind.ELEMENT:
                return f"element {self.name}"


LOGIN = Missing(MissingKind.LOGIN)
