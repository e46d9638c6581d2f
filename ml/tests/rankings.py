"""Rankers made by hand, and logged decisions of groups of learners: what comparisons are tested with."""

from pathlib import Path
from typing import Any

import decisions
import numpy as np
from decisions import COLUMNS, DAY_MS, START_MS
from exports import SmallExport

from skillforge_ml import bundle, reference
from skillforge_ml.examples import LISTS
from skillforge_ml.onnx_export import OPSET, onnx_bytes
from skillforge_ml.onnx_scoring import Rankers
from skillforge_ml.trees import LEAF, Tree

LEARNERS = 120
# The first learners of the list have a degree; the others went to school.
DEGREES = 36
# So many of the last ones came late, on the day of the first decision that is compared.
LATE = 40
# Compared are decisions of these days; what models learn is over before.
FROM_MS, UNTIL_MS = START_MS + 28 * DAY_MS, START_MS + 34 * DAY_MS
OPENED, CLOSE, MARK = 0, 2, 3
# A tree: (column, limit, tree where the feature is at most the limit, tree where it is above), or a score.
Spec = tuple[int, float, Any, Any] | float


def export() -> SmallExport:
    """
    As :func:`decisions.logged`, with profiles. The third feature says how near an item is to what the course does in the week to come, and that is the
    order in which items were listed; the last one says who has a degree, so that a ranker can be bad for them alone.
    """
    found = decisions.logged(learners=LEARNERS)
    count, items = len(found.decisions["rows"]), len(found.items)
    features = found.rows["features"].reshape(count, items, len(COLUMNS)).astype(np.float32)
    day = (found.decisions["at"] - START_MS) / DAY_MS
    features[:, :, CLOSE] = -np.abs(np.arange(items) - (day[:, None] + 3.5) * items / decisions.DAYS)
    features[:, :, MARK] = (found.decisions["learner"] < DEGREES)[:, None]
    hidden = {"next": np.zeros((count, items), dtype=bool), "new": features[:, :, OPENED] > 0}
    for name in LISTS:
        place = np.argsort(np.argsort(-np.where(hidden[name], -np.inf, features[:, :, CLOSE]), axis=1, kind="stable"), axis=1)
        found.rows[name] = np.where(hidden[name] | (place >= 20), -1, place).reshape(-1)
    found.rows["features"] = features.reshape(-1, len(COLUMNS))
    for n, profile in enumerate(found.profiles):
        profile["attributes"] = {"education": "degree" if n < DEGREES else "school", "club": "chess" if n < 5 else "none"}
        profile["courses"] = [{"course": "A", "cohort": "A", "enrolledAtMs": FROM_MS if n >= LEARNERS - LATE else START_MS}]
    return found


def steps(column: int, limits: list[float], sign: int = 1, below: int = 0) -> Spec:
    """Scores by how many of some limits (ascending) a feature is above."""
    if not limits:
        return float(sign * below)
    middle = len(limits) // 2
    return (column, limits[middle], steps(column, limits[:middle], sign, below), steps(column, limits[middle + 1 :], sign, below + middle + 1))


def tree(spec: Spec) -> Tree:
    found = Tree([], [], [], [], [])

    def add(one: Spec) -> int:
        number = len(found.feature)
        column, limit, score = (one[0], float(one[1]), 0.0) if isinstance(one, tuple) else (LEAF, 0.0, one)
        for part, value in zip((found.feature, found.threshold, found.left, found.right, found.value), (column, limit, LEAF, LEAF, score), strict=True):
            part.append(value)
        if isinstance(one, tuple):
            found.left[number], found.right[number] = add(one[2]), add(one[3])
        return number

    add(spec)
    return found


def rankers(folder: Path, spec: Spec, *, region: str = "eu-west", features: str = "item-features:test", until_ms: int = FROM_MS, files: dict[str, bytes] | None = None) -> Path:
    """A bundle whose rankers both score by one tree."""
    description = bundle.Description(
        "ranker", region, START_MS, until_ms, "sha256:0", feature_set={"id": features, "columns": COLUMNS}, opset=OPSET, libraries=("onnx",)
    )
    model = onnx_bytes([tree(spec)], len(COLUMNS))
    bundle.write(folder, {**{f"ranker-{name}.onnx": model for name in LISTS}, bundle.CARD: b"# By hand\n", **(files or {})}, description)
    return folder


def reference_of(folder: Path, sample: reference.Sample) -> bytes:
    """The file `reference.json` that a bundle would have, had it been trained on such rows."""
    scoring = Rankers(folder)
    features = [{"name": name, **reference.distribution(sample.features[:, n], sample.weights)} for n, name in enumerate(COLUMNS)]
    scores = {name: reference.distribution(scoring.scores(name, sample.features), sample.weights) for name in LISTS}
    return bundle.json_bytes({"features": features, "scores": scores, "rows": len(sample.features)})
