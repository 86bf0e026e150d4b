"""Writes a provider from a recording of a site's page: what `toolkit new` does.

Inference is data first. `infer` finds the facts of a site in the exchanges of its page (`facts`), each with its
evidence and how certain it is; it writes no code and opens no connection. `write_package` turns facts into the files
of a package, and decides nothing about the site. `prove` runs what was written against the recording. Reading foreign
files belongs to `recording/`, making a recording of ours of one to `adoption/`, and the reading of answers, which
written providers do themselves, to `providers/`.
"""

from toolkit.scaffold.facts import Findings
from toolkit.scaffold.infer import infer
from toolkit.scaffold.package import write_package
from toolkit.scaffold.proof import Proof, load_provider, prove

__all__ = ["Findings", "Proof", "infer", "load_provider", "prove", "write_package"]
