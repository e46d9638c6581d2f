"""Drift of a distribution: the population stability index over the bins of a reference.

Edges ascend and differ. Bin n holds the values x with edges[n - 1] < x <= edges[n]; the first is open below, the last above, so there is one
bin more than there are edges. Serving bins in the same way. A weight says for how many values one stands: a log may hold
a sample of what serving sees.
"""

import numpy as np

BINS = 10
# A bin that one side lacks would make the index infinite.
FLOOR = 1e-4


def edges_of(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Deciles of some values, each of which is one of them; fewer where values are equal. There must be values."""
    return np.unique(np.quantile(values, np.arange(1, BINS) / BINS, method="inverted_cdf", weights=weights))


def shares_of(values: np.ndarray, edges: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of the values in each bin. There must be values."""
    return np.bincount(np.searchsorted(edges, values, side="left"), weights=weights, minlength=len(edges) + 1) / weights.sum()


def psi(expected: np.ndarray, found: np.ndarray) -> float:
    """
    Sum of (p - q) ln(p / q) over the bins, 0 for equal shares. Siddiqi, "Credit Risk Scorecards", 2006, takes less than 0.1 for no change and more
    than 0.25 for a shift.
    """
    p, q = np.maximum(expected, FLOOR), np.maximum(found, FLOOR)
    return float(((p - q) * np.log(p / q)).sum())
