import numpy as np
import pytest
from scipy.sparse import csr_matrix

from skillforge_ml import als, uses
from skillforge_ml.export_reader import Interactions

USED = csr_matrix(np.array([[1.0, 0, 2, 0], [0, 1, 0.5, 0], [3, 0, 0, 1], [0, 0, 1, 1], [1, 1, 0, 0]]))


def least_squares(fixed: np.ndarray, used: np.ndarray, regularisation: float) -> np.ndarray:
    """One half-step as the paper writes it, with dense matrices."""
    solved = []
    for row in used:
        confidence, preference = np.diag(1 + als.ALPHA * row), (row > 0).astype(float)
        left = fixed.T @ confidence @ fixed + regularisation * np.eye(fixed.shape[1])
        solved.append(np.linalg.solve(left, fixed.T @ confidence @ preference))
    return np.array(solved)


def test_training_is_the_alternating_least_squares_of_the_paper():
    regularisation = als.REGULARISATION_SHARE * np.linalg.norm(als.confidences(USED).toarray(), 2)
    model = als.model_of(3, regularisation, seed=1)
    model.iterations = 0
    model.fit(als.confidences(USED), show_progress=False)
    learners, items = model.user_factors.copy(), model.item_factors.copy()
    for _ in range(als.ITERATIONS):
        learners = least_squares(items, USED.toarray(), regularisation)
        items = least_squares(learners, USED.toarray().T, regularisation)
    factors = als.factorise(USED, dimensions=3, seed=1)
    np.testing.assert_allclose(factors * np.sqrt(regularisation), items, atol=1e-5)
    assert np.abs(factors).max() > 0.01
    # Stored factors are scaled to a regularisation of 1, which changes no score.
    stored = factors.astype(np.float64) @ als.fold_in(factors, USED).T
    np.testing.assert_allclose(stored, items @ least_squares(items, USED.toarray(), regularisation).T, atol=1e-4)


def test_fold_in_solves_for_a_learner_that_training_did_not_see():
    matrix = als.factorise(USED, dimensions=3)
    learner = csr_matrix(np.array([[0, 0.25, 0, 1.5]]))
    expected = least_squares(matrix.astype(np.float64), learner.toarray(), als.REGULARISATION)
    np.testing.assert_allclose(als.fold_in(matrix, learner), expected, atol=1e-6)


def test_the_same_uses_give_the_same_bytes():
    assert als.factorise(USED, 3).tobytes() == als.factorise(USED, 3).tobytes()
    assert als.factorise(USED, 3, seed=2).tobytes() != als.factorise(USED, 3, seed=1).tobytes()


def test_a_use_weighs_half_after_four_weeks():
    # Learner 0 used item 0 on two days (twice on the first), 28 days apart; item 1 on the last day.
    hours = np.array([0, 5, 28 * 24, 28 * 24 + 1])
    zeros = np.zeros(4, dtype=np.int64)
    interactions = Interactions(zeros, np.array([0, 0, 0, 1]), zeros, hours, zeros + 1, zeros)
    assert uses.weights(uses.use_days(interactions), 1, 2).toarray() == pytest.approx(np.array([[1.5, 1.0]]))


def test_a_course_is_trained_by_itself():
    random = np.random.default_rng(3)
    learner, item = np.nonzero(random.random((20, 8)) < 0.5)
    course = (item >= 4).astype(np.int64)
    ones = np.ones(len(learner), dtype=np.int64)
    both = Interactions(learner, item, course, ones, ones, ones)
    trained = als.train(both, courses=3, dimensions=2)
    assert [(one.course, one.items.tolist()) for one in trained] == [(0, [0, 1, 2, 3]), (1, [4, 5, 6, 7])]
    alone = als.train(both.taken(np.flatnonzero(course == 1)), courses=3, dimensions=2)
    np.testing.assert_array_equal(trained[1].matrix, alone[0].matrix)
