"""How much each learner used each item, as a decision's state has it."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from skillforge_ml.export_reader import Interactions

HALF_LIFE_DAYS = 28


@dataclass(frozen=True)
class UseDays:
    """The days (UTC, since the epoch) on which learners used items, one entry for each learner, item and day, in that order."""

    learner: np.ndarray
    item: np.ndarray
    day: np.ndarray


def use_days(interactions: Interactions) -> UseDays:
    entries = np.column_stack([interactions.learner.astype(np.int64), interactions.item.astype(np.int64), interactions.hour.astype(np.int64) // 24])
    entries = np.unique(entries, axis=0)
    return UseDays(entries[:, 0], entries[:, 1], entries[:, 2])


def weights(days: UseDays, learners: int, items: int) -> csr_matrix:
    """
    The weight of each use, learners by items: the days of use, each halved for every 28 days up to the learner's last day. Serving keeps the
    same number in the learner's state, as of the decision (``operators/recommend/learnerState.ts``).
    """
    last = np.zeros(learners, dtype=np.int64)
    np.maximum.at(last, days.learner, days.day)
    decayed = 2.0 ** (-(last[days.learner] - days.day) / HALF_LIFE_DAYS)
    return csr_matrix((decayed, (days.learner, days.item)), shape=(learners, items))
