"""What is compared: tables of a period against a reference, each column as shares of bins.

``features`` and ``scores`` are of the candidates that were ranked in the period; ``uses`` of what learners did in it; ``feedback`` of what came of the
decisions of a week before it, which is known by now. Only shares leave this module: no row of anybody is in a report.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skillforge_ml.drift import edges_of, psi, shares_of
from skillforge_ml.errors import TrainingError
from skillforge_ml.examples import LISTS, at_most, columns_of
from skillforge_ml.export_reader import HOUR_MS, Export
from skillforge_ml.labels import WINDOW_MS, label
from skillforge_ml.onnx_scoring import Rankers
from skillforge_ml.reference import REFERENCE, WINDOW_MS as REFERENCE_MS, Sample, document, latest, sample_of

# More decisions than these change no share.
MOST_DECISIONS = 5_000
MOST_USES = 200_000
SEED = 1
# Of a list, so many places are looked at.
DEPTH = 10


@dataclass(frozen=True)
class Column:
    """Shares of the same bins, of the reference and of the period. `kind` is the type of a feature's declaration, None of what is no feature."""

    name: str
    kind: str | None
    edges: np.ndarray
    expected: np.ndarray
    found: np.ndarray

    @property
    def psi(self) -> float:
        return psi(self.expected, self.found)


@dataclass(frozen=True)
class Table:
    """Columns, and the rows that they were counted over: of the reference (None where it does not tell) and of the period."""

    name: str
    columns: list[Column]
    expected_rows: int | None
    rows: int


@dataclass(frozen=True)
class Period:
    """Instants of event time, ms: [from_ms, until_ms)."""

    from_ms: int
    until_ms: int

    def earlier(self, ms: int) -> "Period":
        return Period(self.from_ms - ms, self.until_ms - ms)


@dataclass(frozen=True)
class Reference:
    """
    What a period is compared with. A bundle has shares of features and scores, and a ranker that gives scores; what learners did is then looked
    up in the export of the period. An export has everything but scores.
    """

    features: list[dict[str, Any]]
    rows: int
    scores: dict[str, dict[str, Any]] | None
    rankers: Rankers | None
    uses: Export
    period: Period


def of_bundle(rankers: Rankers, current: Export) -> Reference:
    """The reference that training left in a bundle."""
    rankers.check(current)
    found = rankers.document(REFERENCE)
    if found is None:
        raise TrainingError(f"{rankers.folder} has no {REFERENCE}: train it again, or give a training export as --reference")
    until_ms = rankers.trained_until_ms
    return Reference(found["features"], found["rows"], found["scores"], rankers, current, Period(until_ms - REFERENCE_MS, until_ms))


def of_export(export: Export, current: Export) -> Reference:
    """The last week of an export."""
    if export.feature_set["id"] != current.feature_set["id"]:
        raise TrainingError(f"{export.folder} has the features {export.feature_set['id']}, {current.folder} has {current.feature_set['id']}")
    until_ms = int(min(np.asarray(export.decisions.at).max(initial=0) + 1, export.until_ms or np.inf))
    sample = latest(export, export.decided_with_consent(), until_ms, SEED)
    if len(sample.weights) == 0:
        raise TrainingError(f"{export.folder} has no decisions to compare with")
    found = document(columns_of(export), sample, {})
    return Reference(found["features"], found["rows"], None, None, export, Period(until_ms - REFERENCE_MS, until_ms))


def tables(current: Export, reference: Reference, period: Period) -> list[Table]:
    """Those that both sides have rows for."""
    sample = sample_of(current, decided(current, period))
    found = [features(current, reference, sample), scores(reference, sample), uses(current, reference, period), feedback(current, reference, period)]
    return [table for table in found if table is not None]


def features(current: Export, reference: Reference, sample: Sample) -> Table:
    """Features of all candidates: a row that was logged stands for those that were not."""
    if len(sample.weights) == 0:
        return Table("features", [], reference.rows, 0)
    kinds = [column.get("type") for column in current.feature_set["columns"]]
    columns = [known(one, kind, sample.features[:, at], sample.weights) for at, (one, kind) in enumerate(zip(reference.features, kinds, strict=True))]
    return Table("features", columns, reference.rows, len(sample.weights))


def scores(reference: Reference, sample: Sample) -> Table | None:
    """Scores that the ranker of the reference gives to the same candidates."""
    if reference.rankers is None or reference.scores is None or len(sample.weights) == 0:
        return None
    columns = [known({"name": name, **reference.scores[name]}, None, reference.rankers.scores(name, sample.features), sample.weights) for name in LISTS]
    return Table("scores", columns, reference.rows, len(sample.weights))


def uses(current: Export, reference: Reference, period: Period) -> Table | None:
    """What learners did, one row for each learner, hour and item: at which hour of the day (UTC), how often, with which kind, and whether to the end."""
    before, now = used(reference.uses, reference.period), used(current, period)
    return compared("uses", before, now)


def feedback(current: Export, reference: Reference, period: Period) -> Table | None:
    """One row for each decision: how many of the first ten of each list the learner used within a week."""
    before = followed(reference.uses, reference.period.earlier(WINDOW_MS), reference.period.until_ms)
    return compared("feedback", before, followed(current, period.earlier(WINDOW_MS), period.until_ms))


def used(export: Export, period: Period) -> dict[str, np.ndarray]:
    """Columns of uses, by name."""
    found = export.interactions
    first, last = np.searchsorted(found.hour, [-(-period.from_ms // HOUR_MS), -(-period.until_ms // HOUR_MS)])
    consenting, _ = export.consents
    chosen = np.arange(first, last)
    chosen = chosen[consenting[found.learner[chosen]]]
    if len(chosen) > MOST_USES:
        chosen = chosen[np.linspace(0, len(chosen) - 1, MOST_USES).astype(np.int64)]
    return {
        "hour_of_day": found.hour[chosen] % 24,
        "events": found.events[chosen],
        "item_kind": kinds_of(export)[found.item[chosen]],
        "completed": found.completed[chosen],
    }


def followed(export: Export, period: Period, until_ms: int) -> dict[str, np.ndarray]:
    """Columns of what came of the decisions of a period by an instant, by name."""
    chosen = decided(export, period)
    labels = label(export, until_ms)
    chosen &= labels.closed
    decision = np.repeat(np.arange(len(export.decisions)), export.decisions.rows.astype(np.int64))
    columns = {}
    for name in LISTS:
        place = np.asarray(getattr(export.rows, name))
        counts = np.bincount(decision[labels.positive & (place >= 0) & (place < DEPTH)], minlength=len(export.decisions))
        columns[f"used_of_{name}"] = counts[chosen]
    return columns


def compared(name: str, before: dict[str, np.ndarray], now: dict[str, np.ndarray]) -> Table | None:
    """A table of whole numbers of which each is worth telling apart; None where one side has none."""
    rows = [len(next(iter(side.values()))) for side in (before, now)]
    if 0 in rows:
        return None
    return Table(name, [counted(column, before[column], now[column]) for column in now], rows[0], rows[1])


def counted(name: str, before: np.ndarray, now: np.ndarray) -> Column:
    """One bin for each number where there are few, else tenths of the reference."""
    values = np.unique(before)
    edges = values[:-1] if len(values) <= 24 else edges_of(before, np.ones(len(before)))
    return Column(name, None, edges, *(shares_of(side, edges, np.ones(len(side))) for side in (before, now)))


def known(distribution: dict[str, Any], kind: str | None, values: np.ndarray, weights: np.ndarray) -> Column:
    edges = np.array(distribution["edges"], dtype=np.float64)
    return Column(distribution["name"], kind, edges, np.array(distribution["shares"]), shares_of(values, edges, weights))


def decided(export: Export, period: Period) -> np.ndarray:
    """A flag for each decision: those of a period, of learners who agree to profiling, as many as are enough."""
    at = np.asarray(export.decisions.at)
    return at_most((at >= period.from_ms) & (at < period.until_ms) & export.decided_with_consent(), MOST_DECISIONS, SEED)


def kinds_of(export: Export) -> np.ndarray:
    """Number of the kind of each item, in the order of their names; 0 for items that no curriculum has."""
    kinds = {item["item"]: item["kind"] for curriculum in export.curricula() for item in curriculum["items"]}
    return numbered(kinds.get(item, "") for item in export.items)


def numbered(names: Iterable[str]) -> np.ndarray:
    listed = list(names)
    order = {name: at for at, name in enumerate(sorted({"", *listed}))}
    return np.array([order[name] for name in listed], dtype=np.int64)
