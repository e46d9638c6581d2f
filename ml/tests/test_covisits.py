import numpy as np
import pytest

from skillforge_ml import covisits
from skillforge_ml.export_reader import Interactions


def days(*uses: tuple[int, int, int, int]) -> Interactions:
    """Uses as (learner, day, item, course)."""
    learner, day, item, course = np.array(uses).T
    ones = np.ones(len(uses), dtype=np.int64)
    return Interactions(learner, item, course, day * 24, ones, ones)


def test_items_of_the_same_days_go_together():
    # 0 and 1 on three days of two learners, 2 only once with 0.
    found = covisits.train(days((0, 0, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0), (0, 1, 1, 0), (1, 0, 0, 0), (1, 0, 1, 0), (1, 0, 2, 0)), 1)
    assert [item for item, _ in found[0]] == [1, 2]
    assert found[0][0][1] == pytest.approx(3 / (3 + covisits.SHRINKAGE), abs=1e-4)
    assert found[0][1][1] == pytest.approx(1 / (np.sqrt(3) + covisits.SHRINKAGE), abs=1e-4)


def test_days_of_different_learners_and_courses_are_apart():
    assert covisits.train(days((0, 0, 0, 0), (1, 0, 1, 0), (0, 1, 1, 0), (0, 0, 2, 1)), 2) == {}


def test_an_item_has_no_more_than_the_strongest_neighbours():
    many = days(*((learner, 0, item, 0) for learner in range(3) for item in range(40 if learner == 0 else 5)))
    found = covisits.train(many, 1)
    assert len(found[0]) == covisits.NEIGHBOURS
    assert [item for item, _ in found[0][:4]] == [1, 2, 3, 4]
    assert covisits.files(found, [f"i{n}" for n in range(40)]) == covisits.files(covisits.train(many, 1), [f"i{n}" for n in range(40)])
