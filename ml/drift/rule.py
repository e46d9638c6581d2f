"""When something has drifted. ``runtime/observability/drift/rule.ts`` has the same, for the stream; a test holds both together."""

from collections.abc import Sequence
from dataclasses import dataclass

# A column has drifted where its population stability index is above this.
MOST_PSI = 0.25
# A table has drifted where more than this share of its columns that count has: some do in any week, as a course goes on.
MOST_SHARE = 0.5
# Fewer rows tell nothing: an index of so few values is noise.
FEWEST_ROWS = 1_000


def is_counted(kind: str | None) -> bool:
    """
    Whether drift of a feature counts, by the type of its declaration. Durations run with the calendar: the age of a course grows each day, a
    deadline comes nearer, and neither means that anything has changed. Their index is told all the same.
    """
    return kind != "duration"


@dataclass(frozen=True)
class Verdict:
    """Places of the columns that have drifted and count; how many count; whether the table has drifted."""

    drifted: list[int]
    counted: int
    is_drifted: bool


def verdict(indices: Sequence[float], kinds: Sequence[str | None]) -> Verdict:
    """Of the population stability index of each column, and its type."""
    counted = [at for at, kind in enumerate(kinds) if is_counted(kind)]
    drifted = [at for at in counted if indices[at] > MOST_PSI]
    return Verdict(drifted, len(counted), len(drifted) > MOST_SHARE * len(counted))
