"""How often the exams that rest on chance are repeated: a fraction in `make test`, all of it in `make exam`.

what                                    make test    make exam (WHENCE_EXAM=full)
rounds of racers on one boundary        20           1,000
kills of a writer, per durable store    8            200 (half of SQLite's while its index merges all the time)
examples against the brute-force model  60           2,000
kills of a builder of segments          6            100
events appended beside a tail reader    400          20,000
values explained, of models at random   500          20,000
mailers with a guilty change, and without 4           100
scorecards at random, scored three ways 500          20,000 (a quarter of them over segments)
journeys at random, followed by hand    40           2,000
charges that 64 racers refund           1            100
lines with planted faults, reconciled   6,000        100,000
"""

from __future__ import annotations

import os

FULL = os.environ.get("WHENCE_EXAM") == "full"

RACES = 1000 if FULL else 20
KILLS = 200 if FULL else 8
EXPLAINED = 20_000 if FULL else 500
SCORED = 20_000 if FULL else 500
EXAMPLES = 2000 if FULL else 60
MAILERS = 100 if FULL else 4
TAILED_EVENTS = 20_000 if FULL else 400
SEGMENT_KILLS = 100 if FULL else 6
JOURNEYS = 2000 if FULL else 40
REFUNDED = 100 if FULL else 1
RECONCILED = 100_000 if FULL else 6_000
