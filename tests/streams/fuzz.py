"""Fuzz the decoders, guided by coverage: `python -m tests.streams.fuzz [libFuzzer's options] [a folder of inputs]`.

Needs atheris (`pip install 'provider-toolkit[bench]'`). `-max_total_time=60` ends it after a minute. An input that
breaks a law ends it at once, and is written to a file whose name, given as the argument, runs it again.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def main() -> None:
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["toolkit.streams", "tests.streams.reference"]):
        from tests.streams import laws

    def one(data: bytes) -> None:
        """The first bytes say how to cut the others."""
        count = data[0] % 4 if data else 0
        sizes, stream = [size % 16 for size in data[1 : count + 1]], data[count + 1 :]
        for law in laws.LAWS:
            law(stream, sizes)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
