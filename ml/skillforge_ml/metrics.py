"""Measures of ranked lists."""

import numpy as np

DEPTH = 10


def ndcg_of_groups(scores: np.ndarray, positive: np.ndarray, sizes: np.ndarray, depth: int = DEPTH) -> np.ndarray:
    """
    NDCG at a depth of each group that has a positive, with binary gains: Järvelin, Kekäläinen, "Cumulated gain-based evaluation of IR
    techniques", TOIS 2002. Rows of a group stand together; among equal scores the earlier row comes first.
    """
    groups = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((-scores, groups))  # stable
    begins = np.cumsum(sizes) - sizes
    place = np.arange(len(scores)) - np.repeat(begins, sizes)
    discount = np.where(place < depth, 1 / np.log2(place + 2), 0)
    gains = np.bincount(groups, weights=positive[order] * discount, minlength=len(sizes))
    relevant = np.bincount(groups, weights=positive, minlength=len(sizes)).astype(np.int64)
    ideal = np.concatenate(([0.0], np.cumsum(1 / np.log2(np.arange(depth) + 2))))[np.minimum(relevant, depth)]
    has = relevant > 0
    return gains[has] / ideal[has]


def mean_ndcg(scores: np.ndarray, positive: np.ndarray, sizes: np.ndarray, depth: int = DEPTH) -> float:
    """Their mean; 0 where no group has a positive."""
    values = ndcg_of_groups(scores, positive, sizes, depth)
    return float(values.mean()) if len(values) > 0 else 0.0
