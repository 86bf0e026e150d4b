"""What a benchmark gives: samples of each peer, taken in turns, and whether the bars are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any, NamedTuple

OURS = "toolkit"


class Scale(NamedTuple):
    """How much to do: `rounds` of all peers in turn, and the size of each piece of work as a share of the usual."""

    rounds: int = 9
    size: float = 1.0

    def of(self, amount: int) -> int:
        return max(1, round(amount * self.size))


class Bar(NamedTuple):
    """What `OURS` may cost at most: `most` times what `peer` costs, or `most` more than that if `over`."""

    peer: str
    most: float
    over: bool = False

    def reached(self, ours: float, peer: float) -> float:
        return ours - peer if self.over else ours / peer


class Result(NamedTuple):
    """One table. `samples` are numbers of `unit` by peer, the n-th ones of all peers from the same round."""

    name: str
    title: str
    unit: str
    samples: Mapping[str, list[float]]
    bars: tuple[Bar, ...] = ()

    def median(self, peer: str) -> float:
        return median(self.samples[peer])

    def compared(self, bar: Bar) -> float:
        """What is reached in the middle one of the rounds."""
        return median(map(bar.reached, self.samples[OURS], self.samples[bar.peer]))

    def ratio(self, peer: str) -> float | None:
        """What a peer costs as a multiple of what we do, in the middle one of the rounds."""
        if OURS not in self.samples or not all(self.samples[peer]):
            return None
        return 1 / self.compared(Bar(peer, 0))

    def kept(self) -> Iterable[tuple[Bar, bool]]:
        """The bars of peers that are here, and whether they are kept."""
        return [(bar, self.compared(bar) <= bar.most) for bar in self.bars if bar.peer in self.samples]

    def missed(self) -> bool:
        return not all(kept for _, kept in self.kept())

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "unit": self.unit,
            "peers": {
                peer: {"median": median(values), "least": min(values), "ratio": self.ratio(peer), "samples": values}
                for peer, values in self.samples.items()
            },
            "bars": [{**bar._asdict(), "reached": self.compared(bar), "kept": kept} for bar, kept in self.kept()],
            "absent": [bar.peer for bar in self.bars if bar.peer not in self.samples],
        }
