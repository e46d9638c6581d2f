"""Segments of learners: what to show someone who has done little yet.

k-means (Lloyd, 1957/1982) from k-means++ seeds (Arthur, Vassilvitskii, SODA 2007) over a few attributes of the profile and over what
learners did in their first week; k by the mean silhouette (Rousseeuw, J. Comput. Appl. Math. 1987). The model holds means, scales and
centres alone: nothing of a single learner. Serving assigns a learner to the nearest centre; one who has done nothing yet counts as average
in what the first week would tell.

Every group of features (an attribute, the shares of kinds, the shares of hours, each of the other figures) is scaled to a variance of 1 as
a whole, so that an attribute of ten values weighs as much as one of two.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skillforge_ml.bundle import json_bytes
from skillforge_ml.export_reader import Interactions

EARLY_HOURS = 168
SMALLEST_K, LARGEST_K = 3, 8
# Fewer learners make no segments.
FEWEST_LEARNERS = 50
STARTS = 8
ROUNDS = 100
SILHOUETTE_SAMPLE = 2000
HOURS_OF_A_PART = 6
PARTS_OF_A_DAY = 24 // HOURS_OF_A_PART
DECIMALS = 9
LEAST_RANGE = 1e-6


@dataclass(frozen=True)
class Learners:
    """Those that segments are made of, all of whom did something: `indices` are ascending positions in the export's list, `attributes` their profiles in the same order."""

    indices: np.ndarray
    attributes: list[dict[str, str]]


@dataclass(frozen=True)
class Table:
    """Values of features, learners by features, and the group of each feature."""

    names: list[str]
    groups: list[str]
    values: np.ndarray


@dataclass(frozen=True)
class Segments:
    """What training learnt: features in the order of the centroids' values, which are scaled."""

    vocabulary: dict[str, list[str]]
    kinds: list[str]
    names: list[str]
    means: np.ndarray
    scales: np.ndarray
    centroids: np.ndarray
    shares: np.ndarray
    silhouettes: dict[int, float]


def train(learners: Learners, interactions: Interactions, kind_of_item: list[str | None], attributes: Iterable[str], seed: int = 1) -> Segments | None:
    """Segments of those learners; `None` where they are too few. The same data give the same segments."""
    if len(learners.indices) < FEWEST_LEARNERS:
        return None
    vocabulary = {name: sorted({one[name] for one in learners.attributes if name in one}) for name in sorted(attributes)}
    kinds = sorted({kind for kind in kind_of_item if kind is not None})
    table = varying(joined(attribute_table(learners, vocabulary), early_table(learners, interactions, kind_of_item, kinds)))
    means, scales = scaling(table)
    points = (table.values - means) / scales
    distinct = len(np.unique(points, axis=0))
    found = {k: cluster(points, k, seed) for k in range(SMALLEST_K, LARGEST_K + 1) if k <= distinct}
    if not found:
        return None
    silhouettes = {k: silhouette(points, nearest(points, centroids)[0], seed) for k, centroids in found.items()}
    best = max(silhouettes, key=lambda k: (silhouettes[k], -k))
    shares = np.bincount(nearest(points, found[best])[0], minlength=best) / len(points)
    order = np.argsort(-shares, kind="stable")
    return Segments(vocabulary, kinds, table.names, means, scales, found[best][order], shares[order], silhouettes)


def attribute_table(learners: Learners, vocabulary: dict[str, list[str]]) -> Table:
    pairs = [(name, value) for name, values in vocabulary.items() for value in values]
    values = np.array([[float(one.get(name) == value) for name, value in pairs] for one in learners.attributes]).reshape(len(learners.attributes), len(pairs))
    names = [f"attribute:{name}={value}" for name, value in pairs]
    return Table(names, [f"attribute:{name}" for name, _ in pairs], values)


def early_table(learners: Learners, interactions: Interactions, kind_of_item: list[str | None], kinds: list[str]) -> Table:
    """What each learner did in the week that begins with their first hour of activity."""
    count = len(learners.indices)
    first = np.full(max(int(interactions.learner.max(initial=0)), int(learners.indices.max(initial=0))) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, interactions.learner, interactions.hour.astype(np.int64))
    row_of = np.full(len(first), -1)
    row_of[learners.indices] = np.arange(count)
    week = (row_of[interactions.learner] >= 0) & (interactions.hour - first[interactions.learner] < EARLY_HOURS)
    chosen = interactions.taken(np.flatnonzero(week))
    row, hour, events = row_of[chosen.learner], chosen.hour.astype(np.int64), chosen.events.astype(np.float64)
    total = np.bincount(row, events, minlength=count)

    def events_by(category: np.ndarray, size: int) -> np.ndarray:
        known = category >= 0
        cells = np.bincount(row[known] * size + category[known], events[known], minlength=count * size)
        return cells.reshape(count, size) / np.maximum(total, 1)[:, None]

    number = {kind: n for n, kind in enumerate(kinds)}
    kind_of = np.array([-1 if kind is None else number[kind] for kind in kind_of_item], dtype=np.int64)
    columns = {
        "activeDays": distinct_of(row, hour // 24, count),
        "events": np.log1p(total),
        "items": np.log1p(distinct_of(row, chosen.item, count)),
    }
    by_kind, by_hours = events_by(kind_of[chosen.item], len(kinds)), events_by(hour % 24 // HOURS_OF_A_PART, PARTS_OF_A_DAY)
    names = [*columns, *(f"kind={kind}" for kind in kinds), *(f"hours={part}" for part in range(PARTS_OF_A_DAY))]
    values = np.column_stack([*columns.values(), by_kind, by_hours])
    groups = [f"early:{name.split('=')[0]}" for name in names]
    return Table([f"early:{name}" for name in names], groups, values)


def distinct_of(row: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """How many distinct values each row has."""
    pairs = np.unique(np.column_stack([row, values.astype(np.int64)]), axis=0)
    return np.bincount(pairs[:, 0], minlength=count).astype(np.float64)


def joined(a: Table, b: Table) -> Table:
    return Table(a.names + b.names, a.groups + b.groups, np.column_stack([a.values, b.values]))


def varying(table: Table) -> Table:
    """Without the features that are the same for every learner, up to rounding."""
    kept = np.flatnonzero(np.ptp(table.values, axis=0) > LEAST_RANGE)
    return Table([table.names[n] for n in kept], [table.groups[n] for n in kept], table.values[:, kept])


def scaling(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each feature, and the root of the summed variance of its group."""
    variances: dict[str, float] = {}
    for group, variance in zip(table.groups, table.values.var(axis=0).tolist(), strict=True):
        variances[group] = variances.get(group, 0.0) + variance
    return np.round(table.values.mean(axis=0), DECIMALS), np.round([np.sqrt(variances[group]) for group in table.groups], DECIMALS)


def nearest(points: np.ndarray, centroids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest centroid of each point, the first of several, and the squared distance to it."""
    distances = (points**2).sum(axis=1)[:, None] - 2 * points @ centroids.T + (centroids**2).sum(axis=1)
    chosen = distances.argmin(axis=1)
    return chosen, np.maximum(distances[np.arange(len(points)), chosen], 0)


def cluster(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    """The best centroids of several starts."""
    runs = [lloyd(points, seeds(points, k, np.random.default_rng([seed, k, start]))) for start in range(STARTS)]
    return min(runs, key=lambda centroids: round(float(nearest(points, centroids)[1].sum()), DECIMALS))


def seeds(points: np.ndarray, k: int, random: np.random.Generator) -> np.ndarray:
    chosen = [points[random.integers(len(points))]]
    while len(chosen) < k:
        distance = nearest(points, np.array(chosen))[1]
        chosen.append(points[np.searchsorted(np.cumsum(distance), random.random() * distance.sum(), side="right").clip(0, len(points) - 1)])
    return np.array(chosen)


def lloyd(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    before = np.full(len(points), -1)
    for _ in range(ROUNDS):
        chosen = nearest(points, centroids)[0]
        if (chosen == before).all():
            break
        before = chosen
        # A centre that lost all its points stays where it was.
        centroids = np.array([points[chosen == n].mean(axis=0) if (chosen == n).any() else old for n, old in enumerate(centroids)])
    return np.round(centroids, DECIMALS)


def silhouette(points: np.ndarray, chosen: np.ndarray, seed: int) -> float:
    """Mean silhouette, of a sample where there are many points: its cost is quadratic."""
    if len(points) > SILHOUETTE_SAMPLE:
        sample = np.random.default_rng(seed).choice(len(points), SILHOUETTE_SAMPLE, replace=False)
        points, chosen = points[sample], chosen[sample]
    labels = np.unique(chosen)
    if len(labels) < 2:
        return -1.0
    squares = (points**2).sum(axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * points @ points.T, 0))
    np.fill_diagonal(distances, 0)
    sizes = np.array([(chosen == label).sum() for label in labels])
    sums = np.column_stack([distances[:, chosen == label].sum(axis=1) for label in labels])
    own = np.searchsorted(labels, chosen)
    rows = np.arange(len(points))
    inside = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    means = sums / sizes
    means[rows, own] = np.inf
    outside = means.min(axis=1)
    widths = np.where(sizes[own] > 1, (outside - inside) / np.maximum(np.maximum(outside, inside), 1e-12), 0)
    return round(float(widths.mean()), 4)


def files(segments: Segments | None) -> dict[str, bytes]:
    """Their file in a bundle."""
    if segments is None:
        return {}
    features: list[dict[str, Any]] = [
        {"name": name, "mean": mean, "scale": scale}
        for name, mean, scale in zip(segments.names, segments.means.tolist(), segments.scales.tolist(), strict=True)
    ]
    document = {
        "k": len(segments.centroids),
        "names": [f"s{n}" for n in range(len(segments.centroids))],
        "earlyHours": EARLY_HOURS,
        "attributes": segments.vocabulary,
        "kinds": segments.kinds,
        "features": features,
        "centroids": segments.centroids.tolist(),
        "shares": np.round(segments.shares, 4).tolist(),
        "silhouette": {str(k): value for k, value in segments.silhouettes.items()},
    }
    return {"segments.json": json_bytes(document)}
