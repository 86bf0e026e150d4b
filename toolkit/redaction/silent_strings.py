"""Tells which strings of a HAR log hold nothing that is looked for: most, which are the same in each entry. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection

from toolkit.redaction.text_batches import SHORT, select, select_together

REMEMBERED = 128  # characters of a string that may come again


class SilentStrings:
    """Short strings in which `may_hold` finds nothing. They are looked at many at once, each as seldom as can be.

    What `may_hold` finds in a text has to be found as well where others stand around that, in lines of their own.
    """

    def __init__(self, may_hold: Callable[[bytes], bool]) -> None:
        self._may_hold = may_hold
        self._silent: set[str] = set()
        self._telling: set[str] = set()
        self._noted: set[str] = set()  # the longer ones among those that were noted last

    def note(self, strings: Collection[str]) -> bool:
        """Looks at `strings`, all those of some entries. Returns whether they are all short and hold nothing."""
        new = [text for text in strings if text not in self._silent and text not in self._telling]
        brief = {text for text in new if len(text) <= REMEMBERED}
        long = {text for text in new if REMEMBERED < len(text) <= SHORT}
        telling = set(select(brief, self._may_hold))
        self._telling |= telling
        self._silent |= brief - telling
        self._noted = long.difference(select_together(long, self._may_hold))
        return len(brief) + len(self._noted) == len(new) and self._telling.isdisjoint(strings)

    def __contains__(self, text: str) -> bool:
        """Whether `text` holds nothing: so it is of each that was noted last, if it does."""
        return text in self._silent or text in self._noted
