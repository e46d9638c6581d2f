"""What learners did after a decision, as labels of its rows.

A row is positive where the learner used the item in the window (at, at + 7 d]. A use is known by its hour, so the window is that of the
hours that begin at the decision or later: the hour in which the decision fell may hold what led to it, and does not count.
"""

from dataclasses import dataclass

import numpy as np

from skillforge_ml.export_reader import HOUR_MS, Export

WINDOW_HOURS = 7 * 24
WINDOW_MS = WINDOW_HOURS * HOUR_MS

# A use as one number: (learner * items + item) in the high bits, the hour in the low ones. 2^20 hours last until the year 2089.
HOUR_BITS = 20


@dataclass(frozen=True)
class Labels:
    """`closed`: for each decision, whether its window had ended by the instant of training. `positive`: for each row; false where the window is open."""

    closed: np.ndarray
    positive: np.ndarray


def first_hours(at: np.ndarray) -> np.ndarray:
    """The first hour of each decision's window."""
    return np.ceil(at / HOUR_MS).astype(np.int64)


def label(export: Export, until_ms: int) -> Labels:
    """Labels of all rows from the uses of hours that had ended by ``until_ms``; nothing later is looked at."""
    decisions = export.decisions
    begins = first_hours(decisions.at)
    closed = (begins + WINDOW_HOURS) * HOUR_MS <= until_ms
    uses = export.interactions.before(until_ms)
    items = len(export.items)
    known = np.sort(coded(uses.learner, uses.item, items, uses.hour))
    counts = decisions.rows.astype(np.int64)
    wanted = coded(np.repeat(decisions.learner, counts), export.rows.item, items, np.repeat(begins, counts))
    place = np.searchsorted(known, wanted)
    found = np.append(known, np.iinfo(np.int64).max)[place]
    return Labels(closed, (found < wanted + WINDOW_HOURS) & np.repeat(closed, counts))


def coded(learner: np.ndarray, item: np.ndarray, items: int, hour: np.ndarray) -> np.ndarray:
    pair = learner.astype(np.int64) * items + item.astype(np.int64)
    return (pair << HOUR_BITS) + hour.astype(np.int64)
