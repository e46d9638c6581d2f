"""``parity.json`` of a bundle: rows with the scores that LightGBM itself gives them, so that serving can be held to the same.

{"features": [[...], ...], "next": [...], "new": [...]}. The rows are nobody's: each value is drawn by itself, from the deciles of its column and from
the thresholds at which trees split it, where rounding decides which way a row goes.
"""

from collections.abc import Mapping
from typing import Any

import lightgbm
import numpy as np

from skillforge_ml.drift import edges_of
from skillforge_ml.reference import Sample
from skillforge_ml.trees import Tree, trees_of

PARITY = "parity.json"
ROWS = 50
# LightGBM takes numbers that are no further from 0 for 0 (its kZeroThreshold), and names them as thresholds. No feature has such a value.
ZERO = np.float32(1e-35)


def document(sample: Sample, boosters: Mapping[str, lightgbm.Booster], seed: int) -> dict[str, Any]:
    """Rows in the columns of a sample, and their scores by list. The same seed gives the same document."""
    random = np.random.default_rng(seed)
    split = [tree for booster in boosters.values() for tree in trees_of(booster)]
    deciles = [edges_of(column, sample.weights) for column in sample.features.T]
    rows = np.column_stack([random.choice(values_near(some, thresholds(split, n)), ROWS) for n, some in enumerate(deciles)])
    return {"features": rows.tolist(), **{name: booster.predict(rows).tolist() for name, booster in boosters.items()}}


def values_near(deciles: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Deciles, thresholds, and the next numbers above these: float32, ascending."""
    found = np.concatenate([deciles, limits, np.nextafter(limits, np.float32(np.inf))]).astype(np.float32)
    return np.unique(np.where(np.abs(found) <= ZERO, np.float32(0), found))


def thresholds(trees: list[Tree], column: int) -> np.ndarray:
    """Where trees split a feature."""
    found = [limit for tree in trees for feature, limit in zip(tree.feature, tree.threshold) if feature == column]
    return np.array(found, dtype=np.float32)
