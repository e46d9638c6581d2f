import math

import numpy as np
import pytest

from skillforge_ml.metrics import mean_ndcg, ndcg_of_groups


def test_ndcg_is_the_sum_of_discounts_over_the_best_possible():
    scores = np.array([3.0, 2.0, 1.0, 1.0, 2.0])
    positive = np.array([False, True, True, True, False])
    best = 1 + 1 / math.log2(3)
    expected = [(1 / math.log2(3) + 1 / math.log2(4)) / best, 1 / math.log2(3)]
    assert ndcg_of_groups(scores, positive, np.array([3, 2])) == pytest.approx(expected)


def test_only_the_first_ten_places_count_and_groups_without_a_positive_do_not():
    scores = -np.arange(14.0)
    positive = np.zeros(14, dtype=bool)
    positive[10] = True
    assert ndcg_of_groups(scores, positive, np.array([12, 2])).tolist() == [0.0]
    assert mean_ndcg(scores, np.zeros(14, dtype=bool), np.array([14])) == 0


def test_of_equal_scores_the_earlier_row_comes_first():
    assert mean_ndcg(np.zeros(2), np.array([True, False]), np.array([2])) == 1
