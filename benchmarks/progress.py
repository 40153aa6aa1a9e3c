"""Progress in words: each figure as it comes, and about how long the rest will take. A measure not begun yet is taken
to last as long per implementation as those before it, or as long as it lasted when its figures were last kept."""

from __future__ import annotations

import time


class Progress:
    """What is to be run, how much of it is done, and what a run of each measure lasts."""

    def __init__(self, runs: dict[str, int], expected: dict[str, float]) -> None:
        """`runs` is how often each measure runs in all, `expected` the seconds of one run where they are known."""
        self._left = dict(runs)
        self._seconds: dict[str, list[float]] = {}
        self._expected = expected

    def done(self, measure: str, name: str, value: float | None, seconds: float) -> None:
        """Say that a run of a measure ended, with its figure if it has a single one."""
        self._left[measure] -= 1
        self._seconds.setdefault(measure, []).append(seconds)
        figure = "" if value is None else f": {value:,.0f}"
        print(f"{time.strftime('%H:%M:%S')} {measure} {name}{figure} ({self._time_left()})", flush=True)

    def seconds(self, measure: str) -> float:
        """What one run of a measure lasted on average."""
        return sum(self._seconds[measure]) / len(self._seconds[measure])

    def _time_left(self) -> str:
        spent = [second for each in self._seconds.values() for second in each]
        seconds = 0.0
        for measure, runs in self._left.items():
            lasts = self._expected.get(measure, sum(spent) / len(spent))
            seconds += runs * (self.seconds(measure) if measure in self._seconds else lasts)
        return f"about {seconds / 60:.0f} min left" if seconds >= 90 else f"about {seconds:.0f} s left"
