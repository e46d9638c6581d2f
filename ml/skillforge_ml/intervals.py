"""How much better one ranking is than another, and how sure that is."""

from dataclasses import dataclass

import numpy as np

RESAMPLES = 1_000
SEED = 20_130_201
TAIL = 0.025


@dataclass(frozen=True)
class Difference:
    """(mean of one - mean of the other) / mean of the other, and the middle 95 % of what resampling gives."""

    difference: float
    low: float
    high: float


def relative_difference(one: np.ndarray, other: np.ndarray, learners: np.ndarray) -> Difference | None:
    """
    Of the values of decisions. Decisions of a learner resemble each other, so that learners are drawn, with all they have (Efron, Tibshirani, "An
    Introduction to the Bootstrap", 1993, chapter 13; Field, Welsh, "Bootstrapping clustered data", J. R. Stat. Soc. B 2007). The seed is fixed: the
    same values have the same interval. None where the other has nothing: a share of it says nothing.
    """
    _, groups = np.unique(learners, return_inverse=True)
    ours, theirs = np.bincount(groups, weights=one), np.bincount(groups, weights=other)
    if theirs.sum() <= 0:
        return None
    random = np.random.default_rng(SEED)
    drawn = np.empty(RESAMPLES)
    for n in range(RESAMPLES):
        places = random.integers(len(ours), size=len(ours))
        # A draw in which the other has nothing is as good as it gets.
        total = theirs[places].sum()
        drawn[n] = ours[places].sum() / total - 1 if total > 0 else np.inf
    low, high = np.quantile(drawn, [TAIL, 1 - TAIL], method="inverted_cdf")
    return Difference(float(ours.sum() / theirs.sum() - 1), float(low), float(high))
