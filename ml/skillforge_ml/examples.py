"""Rows of logged decisions as groups that a ranker learns from."""

from dataclasses import dataclass, replace

import numpy as np

from skillforge_ml.errors import TrainingError
from skillforge_ml.export_reader import Export
from skillforge_ml.labels import Labels

LISTS = ("next", "new")
OPENED = "opened"


@dataclass(frozen=True)
class Examples:
    """
    Rows of some decisions, those of one decision together: `sizes` counts them and `at` has the instant, by decision. Every decision has a positive
    row. `row` and `decision` are their places in the export.
    """

    features: np.ndarray
    positive: np.ndarray
    sizes: np.ndarray
    at: np.ndarray
    row: np.ndarray
    decision: np.ndarray

    def __len__(self) -> int:
        return len(self.sizes)


def columns_of(export: Export) -> list[str]:
    """Names of the features, in their order."""
    return [column["name"] for column in export.feature_set["columns"]]


def examples(export: Export, labels: Labels, chosen: np.ndarray, list_name: str) -> Examples:
    """
    What the ranker of a list learns from the decisions chosen (a flag for each). The list `new` knows only rows that the learner had not
    opened; decisions without a positive row say nothing about order, and are left out.
    """
    groups = np.repeat(np.arange(len(export.decisions)), export.decisions.rows.astype(np.int64))
    kept = chosen[groups]
    if list_name == "new":
        kept &= export.rows.features[:, opened_column(export)] == 0
    has_positive = np.zeros(len(export.decisions), dtype=bool)
    has_positive[groups[kept & labels.positive]] = True
    rows = np.flatnonzero(kept & has_positive[groups])
    sizes = np.bincount(groups[rows], minlength=len(export.decisions))
    features = np.asarray(export.rows.features[rows], dtype=np.float32)
    if not np.isfinite(features).all():
        raise TrainingError(f"{export.folder} has features that are no finite numbers")
    decisions = np.flatnonzero(sizes)
    return Examples(features, labels.positive[rows], sizes[decisions], np.asarray(export.decisions.at)[decisions], rows, decisions)


def opened_column(export: Export) -> int:
    names = columns_of(export)
    if OPENED not in names:
        raise TrainingError(f"the feature set {export.feature_set['id']} has no column '{OPENED}': what is new for a learner cannot be told")
    return names.index(OPENED)


def at_most(chosen: np.ndarray, limit: int, seed: int) -> np.ndarray:
    """As many of the decisions chosen as a limit allows, drawn evenly."""
    places = np.flatnonzero(chosen)
    if len(places) <= limit:
        return chosen
    fewer = np.zeros_like(chosen)
    fewer[np.random.default_rng(seed).choice(places, limit, replace=False)] = True
    return fewer


def without(found: Examples, dropped: list[int]) -> Examples:
    """With some columns empty: no tree can split by them."""
    features = found.features.copy()
    features[:, dropped] = 0
    return replace(found, features=features)


def shuffled(found: Examples, seed: int) -> Examples:
    """With each column in an order of its own: features keep their values, and mean nothing."""
    random = np.random.default_rng(seed)
    features = np.column_stack([random.permutation(column) for column in found.features.T])
    return replace(found, features=np.ascontiguousarray(features, dtype=np.float32))
