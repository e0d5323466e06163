"""What ``make test`` runs of long lists of cases, and ``make fuzz`` whole: the one rule, and its seed.

Of the cases of each kind one is always in, chosen by :data:`SEED`; of all the others one in so many, chosen likewise.
So every kind is met in every run of ``make test``, by the same case on every machine; a failure can be repeated by
its name. With ``OC4IDS_FUZZ`` in the environment, as ``make fuzz`` has it, every case is in.

``docs/pruebas.md`` lists the tests that are sampled and what stays of each; a test compares that list with the code.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

Case = TypeVar("Case")

#: Another seed is another sample: change it when a kind should be met by other cases.
SEED = 2026
#: Number of examples of the tests that search at random in ``make fuzz``; None in ``make test``.
FUZZ = int(os.environ["OC4IDS_FUZZ"]) if os.environ.get("OC4IDS_FUZZ") else None


def sample(cases: Iterable[Case], kind: Callable[[Case], Hashable], one_in: int = 0) -> list[Case]:
    """Return a sample of ``cases`` in their order, or all of them in ``make fuzz``.

    :param kind: what tells kinds apart; one case of each kind is always in.
    :param one_in: of the other cases one in so many is in as well; none when 0.
    """
    every = list(cases)
    if FUZZ:
        return every
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for place, case in enumerate(every):
        groups[kind(case)].append(place)
    # Each kind has its own generator: a case more of one kind changes no other kind's sample.
    chosen: set[int] = set()
    for name, places in groups.items():
        generator = random.Random(f"{SEED} {name}")
        kept = generator.choice(places)
        others = [place for place in places if place != kept]
        chosen |= {kept, *generator.sample(others, len(others) // one_in if one_in else 0)}
    return [every[place] for place in sorted(chosen)]


def examples(number: int, one_in: int = 4) -> int:
    """Return how many random examples a test tries: ``number`` in ``make fuzz``, one in ``one_in`` of them else."""
    return max(number, FUZZ or 0) if FUZZ else max(10, number // one_in)


def seeds(numbers: range, one_in: int = 4) -> range:
    """Return the seeds that a test tries: all in ``make fuzz``, the first of ``one_in`` parts of them else."""
    return numbers if FUZZ else numbers[: max(1, len(numbers) // one_in)]
