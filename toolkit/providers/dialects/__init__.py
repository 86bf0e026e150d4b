"""Dialects: the ways in which chat software streams its answers, a file for each.

A dialect says how its answers are recognised, and reads one: bytes in, pieces of `toolkit.chats.events` out. All are
pure; `reading` alone reads a response. `frames` cuts bodies, `base` says what a dialect is, `recognition` finds the
dialect of an answer, `table` names them all. How a question is asked does not belong here: that is the provider's.
Providers use `read_answer` with a dialect, for example `DIALECTS["dify"]()`; what infers a provider from a recording
uses `recognise`.
"""

from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame
from toolkit.providers.dialects.reading import read_answer
from toolkit.providers.dialects.recognition import Recognised, recognise
from toolkit.providers.dialects.table import DIALECTS

__all__ = ["DIALECTS", "Dialect", "Frame", "Head", "Recognised", "read_answer", "recognise"]
