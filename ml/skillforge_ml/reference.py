"""``reference.json`` of a bundle: how features and scores were distributed when it was trained.

{"features": [{"name", "edges": [...], "shares": [...]}, ...], "scores": {"next": {"edges", "shares"}, "new": {...}}, "rows"}, with the bins of
:mod:`skillforge_ml.drift`. It stands for all candidates that serving weighed, has deciles and shares over thousands of rows, and no row of anybody.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skillforge_ml.drift import edges_of, shares_of
from skillforge_ml.examples import at_most
from skillforge_ml.export_reader import HOUR_MS, Export

REFERENCE = "reference.json"
# Learners keep weeks: a whole one has each day once.
WINDOW_MS = 7 * 24 * HOUR_MS
# More decisions than these change no decile.
MOST = 5_000


@dataclass(frozen=True)
class Sample:
    """Features [rows, columns] of logged rows, and for how many rows each stands."""

    features: np.ndarray
    weights: np.ndarray


def latest(export: Export, allowed: np.ndarray, until_ms: int, seed: int) -> Sample:
    """Rows of the last 7 days before an instant that have decisions, of the decisions allowed (a flag for each)."""
    at = np.asarray(export.decisions.at)
    chosen = allowed & (at < until_ms)
    chosen &= at > at[chosen].max(initial=0) - WINDOW_MS
    return sample_of(export, at_most(chosen, MOST, seed))


def sample_of(export: Export, chosen: np.ndarray) -> Sample:
    """All rows of the decisions chosen (a flag for each)."""
    rows = np.flatnonzero(np.repeat(chosen, export.decisions.rows.astype(np.int64)))
    return Sample(np.asarray(export.rows.features[rows], dtype=np.float32), np.asarray(export.rows.weight[rows], dtype=np.float64))


def document(columns: list[str], sample: Sample, scores: dict[str, np.ndarray]) -> dict[str, Any]:
    """Of the features, and of the scores by list, as serving has them: a last bit may decide on which side of an edge many rows are."""
    named = [{"name": name, **distribution(sample.features[:, n], sample.weights)} for n, name in enumerate(columns)]
    by_list = {name: distribution(some, sample.weights) for name, some in scores.items()}
    return {"features": named, "scores": by_list, "rows": len(sample.features)}


def distribution(values: np.ndarray, weights: np.ndarray) -> dict[str, list[float]]:
    """Bins of some values, and their shares in them."""
    edges = edges_of(values, weights)
    return {"edges": edges.tolist(), "shares": shares_of(values, edges, weights).tolist()}
