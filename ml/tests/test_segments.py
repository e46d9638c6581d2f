import numpy as np
import pytest

import exports
from skillforge_ml import segments
from skillforge_ml.export_reader import Interactions


def three_clouds() -> np.ndarray:
    random = np.random.default_rng(1)
    return np.concatenate([random.normal(centre, 0.3, (60, 2)) for centre in ((0, 0), (5, 0), (0, 5))])


def test_finds_the_clouds_and_how_many_there_are():
    points = three_clouds()
    widths = {k: segments.silhouette(points, segments.nearest(points, segments.cluster(points, k, 1))[0], 1) for k in range(2, 7)}
    assert max(widths, key=widths.get) == 3
    centres = segments.cluster(points, 3, 1)
    assert sorted(np.round(centres).tolist()) == [[0, 0], [0, 5], [5, 0]]


def test_the_silhouette_is_that_of_its_definition():
    points, chosen = three_clouds()[::20], np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    distance = np.linalg.norm(points[:, None] - points[None, :], axis=2)
    widths = []
    for n in range(9):
        inside = distance[n, (chosen == chosen[n]) & (np.arange(9) != n)].mean()
        outside = min(distance[n, chosen == other].mean() for other in {0, 1, 2} - {chosen[n]})
        widths.append((outside - inside) / max(inside, outside))
    assert segments.silhouette(points, chosen, 1) == pytest.approx(np.mean(widths), abs=1e-4)


def test_the_first_week_of_a_learner():
    # Learner 1: 3 + 1 events in the first 168 hours, one more after them; hours 23 and 24 + 1 of the epoch; item 2 has no kind.
    hours = np.array([23, 25, 23 + 168])
    interactions = Interactions(np.ones(3, dtype=np.int64), np.array([0, 2, 1]), np.zeros(3), hours, np.array([3, 1, 9]), np.zeros(3))
    learners = segments.Learners(np.array([1]), [{}])
    table = segments.early_table(learners, interactions, ["page", "quiz", None], ["page", "quiz"])
    values = dict(zip(table.names, table.values[0].tolist(), strict=True))
    assert values == pytest.approx({
        "early:activeDays": 2, "early:events": np.log(5), "early:items": np.log(3), "early:kind=page": 0.75, "early:kind=quiz": 0,
        "early:hours=0": 0.25, "early:hours=1": 0, "early:hours=2": 0, "early:hours=3": 0.75,
    })  # fmt: skip


def test_a_group_of_features_has_the_variance_one():
    values = np.eye(4)[np.arange(80) % 4]
    means, scales = segments.scaling(segments.Table(list("abcd"), ["x"] * 4, values))
    assert ((values - means) / scales).var(axis=0).sum() == pytest.approx(1)


def test_too_few_learners_make_no_segments():
    none = Interactions(*(np.zeros(0, dtype=np.int64) for _ in range(6)))
    few = segments.Learners(np.arange(10), [{}] * 10)
    assert segments.train(few, none, [], ["education"]) is None


def test_learners_who_are_all_alike_make_no_segments():
    zeros = np.zeros(100, dtype=np.int64)
    alike = segments.Learners(np.arange(100), [{"education": "x"}] * 100)
    assert segments.train(alike, Interactions(np.arange(100), zeros, zeros, zeros, zeros + 1, zeros), ["page"], ["education"]) is None
