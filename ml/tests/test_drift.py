import math

import numpy as np
import pytest

from skillforge_ml.drift import FLOOR, edges_of, psi, shares_of

ONCE = np.ones(100)


def test_the_index_is_the_sum_over_the_bins():
    expected, found = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    assert psi(expected, found) == pytest.approx(0.25 * math.log(2) - 0.25 * math.log(0.5 / 0.75))
    assert psi(expected, found) == pytest.approx(0.25 * math.log(3))
    assert psi(expected, expected) == 0


def test_a_bin_that_is_empty_counts_as_the_floor():
    assert psi(np.array([1.0, 0.0]), np.array([0.5, 0.5])) == pytest.approx(0.5 * math.log(2) + (FLOOR - 0.5) * math.log(FLOOR / 0.5))


def test_an_edge_belongs_to_the_bin_below_it():
    values = np.array([0.5, 1, 1.5, 2, 2.1], dtype=np.float32)
    assert shares_of(values, np.array([1.0, 2.0]), np.ones(5)).tolist() == [0.4, 0.4, 0.2]
    assert shares_of(values, np.empty(0), np.ones(5)).tolist() == [1]


def test_edges_are_deciles_that_occur_and_differ():
    assert edges_of(np.arange(1, 101, dtype=np.float32), ONCE).tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert edges_of(np.array([0] * 95 + [1] * 5, dtype=np.float32), ONCE).tolist() == [0]
    assert edges_of(np.full(100, 0.1, dtype=np.float32), ONCE).tolist() == [float(np.float32(0.1))]


def test_a_row_stands_for_as_many_as_its_weight_says():
    values = np.array([1, 2], dtype=np.float32)
    assert shares_of(values, np.array([1.0]), np.array([3.0, 1.0])).tolist() == [0.75, 0.25]
    assert edges_of(values, np.array([7.0, 3.0])).tolist() == [1, 2]
    assert edges_of(values, np.array([95.0, 5.0])).tolist() == [1]


def test_bins_of_equal_weight_have_equal_shares():
    values = np.random.default_rng(1).permutation(np.arange(1000, dtype=np.float32))
    assert shares_of(values, edges_of(values, np.ones(1000)), np.ones(1000)).tolist() == pytest.approx([0.1] * 10)
