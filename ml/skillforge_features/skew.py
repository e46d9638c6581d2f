"""Compares what was stored, as Feast joins it as of each decision, with what the ranker saw in that decision."""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from skillforge_features.declared import Feature
from skillforge_features.history import SEEN


@dataclass(frozen=True)
class FeatureSkew:
    """One feature over all rows. `stored`: rows that had a stored value, the others have the fallback. `example`: the first row that differs."""

    name: str
    rows: int
    stored: int
    differences: int
    largest: float
    example: dict[str, object] | None


def compare(rows: pd.DataFrame, features: tuple[Feature, ...]) -> list[FeatureSkew]:
    """
    Each feature of `rows`, as stored and as seen (`seen_<feature>`). The ranker sees 32 bits, and its fallback where nothing is stored; equal
    is equal bit by bit.
    """
    return [compare_one(rows, feature) for feature in features]


def compare_one(rows: pd.DataFrame, feature: Feature) -> FeatureSkew:
    column = pd.to_numeric(rows[feature.name])
    stored = column.fillna(feature.fallback).to_numpy(dtype=np.float64).astype(np.float32)
    seen = rows[f"{SEEN}{feature.name}"].to_numpy(dtype=np.float32)
    differs = stored != seen
    example = None
    if differs.any():
        at = int(np.argmax(differs))
        row = rows.iloc[at]
        keys = {name: str(row[name]) for name in ("decision", "learner", "course", "cohort", "item", "event_timestamp")}
        example = keys | {"stored": float(stored[at]), "seen": float(seen[at])}
    largest = float(np.max(np.abs(stored - seen), initial=0.0))
    return FeatureSkew(feature.name, len(rows), int(column.notna().sum()), int(differs.sum()), largest, example)


def report(skews: list[FeatureSkew], decisions: int, superseded: int) -> dict[str, object]:
    """The comparison as a document."""
    return {
        "decisions": decisions,
        "rows": max((one.rows for one in skews), default=0),
        "superseded": superseded,
        "differences": sum(one.differences for one in skews),
        "features": [asdict(one) for one in skews],
    }
