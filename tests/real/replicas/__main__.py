"""`python -m tests.real.replicas [KILLS]` runs a trial and prints its figures; `restart` in the place of the number has
each replica end in order, once. The exit status is 1 where something came that must not."""

from __future__ import annotations

import asyncio
import sys

from tests.real.replicas.load import SHORT, STUCK, WHOLE
from tests.real.replicas.trial import trial


def main() -> int:
    wanted = sys.argv[1] if len(sys.argv) > 1 else "20"
    figures = asyncio.run(trial(None if wanted == "restart" else int(wanted)))
    calls = figures.results.total()
    print(f"{calls} calls of 40 clients in {figures.seconds:.0f} s; replicas ended: {dict(figures.signals)}")
    for result, count in figures.results.most_common():
        print(f"  {count:6}  {result}")
    print(f"  {figures.results[SHORT]:6}  short without an error")
    for name, count in sorted(figures.site.items()):
        print(f"  {count:6}  {name}, at the site")
    print(f"  {figures.excused:6}  sessions renewed again since the process that had renewed them was killed")
    print(f"  {len(figures.repeated):6}  sessions renewed again without that: {figures.repeated}")
    must_not = (figures.results[SHORT], figures.results[STUCK], figures.site["double calls"], len(figures.repeated))
    return 0 if figures.results[WHOLE] and not any(must_not) else 1


if __name__ == "__main__":
    sys.exit(main())
