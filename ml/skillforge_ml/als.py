"""Latent factors of a course's items from implicit feedback.

Weighted matrix factorisation by alternating least squares: Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets",
ICDM 2008. A learner prefers (p = 1) what they used, with the confidence c = 1 + alpha * weight of the use; all else has p = 0, c = 1. What is
minimised is the sum over learners and items of c (p - x·y)², plus lambda times the squared norms. The solver is that of the package
`implicit`, the exact one in float64: its conjugate gradients are faster, and depend more on where they began.

Lambda is a share of the largest singular value of the matrix of c * p: from that value on nothing but zeros is learnt, so one share suits
courses of any size. Factors are stored multiplied by 1/sqrt(lambda), by which the lambda of serving is 1 for every course, and scores are the same.

Factors of learners are made while training and dropped: serving folds a learner in from what they did lately,
x = (YᵀY + Yᵀ(C - I)Y + lambda I)⁻¹ Yᵀ C p.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from skillforge_ml.bundle import float32_bytes, json_bytes
from skillforge_ml.export_reader import Interactions
from skillforge_ml.uses import UseDays, use_days, weights

DIMENSIONS = 8
ALPHA = 40.0
REGULARISATION_SHARE = 0.3
ITERATIONS = 15
# That of serving, after scaling.
REGULARISATION = 1.0
POWER_ITERATIONS = 30
# Factors are rounded to this step: linear algebra differs in its last bits from processor to processor, the bytes should not.
STEP = 2.0**-24


@dataclass(frozen=True)
class CourseFactors:
    """Factors of the items of one course: row n belongs to items[n], a position in the export's list."""

    course: int
    items: np.ndarray
    matrix: np.ndarray


def train(interactions: Interactions, courses: int, dimensions: int = DIMENSIONS, seed: int = 1) -> list[CourseFactors]:
    """Factors of each course that two learners used at least. The same interactions give the same factors."""
    trained = []
    for course in range(courses):
        here = use_days(interactions.taken(np.flatnonzero(interactions.course == course)))
        items, item_rows = np.unique(here.item, return_inverse=True)
        learners, learner_rows = np.unique(here.learner, return_inverse=True)
        if len(learners) < 2 or len(items) < 2:
            continue
        used = weights(UseDays(learner_rows, item_rows, here.day), len(learners), len(items))
        trained.append(CourseFactors(course, items, factorise(used, dimensions, seed)))
    return trained


def factorise(used: csr_matrix, dimensions: int = DIMENSIONS, seed: int = 1) -> np.ndarray:
    """Item factors for serving, float32, from weights of uses, learners by items."""
    regularisation = REGULARISATION_SHARE * largest_singular_value(confidences(used))
    model = model_of(dimensions, regularisation, seed)
    with threadpool_limits(1, user_api="blas"):
        model.fit(confidences(used), show_progress=False)
    return (np.round(model.item_factors / np.sqrt(regularisation) / STEP) * STEP).astype(np.float32)


def fold_in(matrix: np.ndarray, used: csr_matrix) -> np.ndarray:
    """Learner factors in float64 by the trainer's own solver, for factors of items that training has finished: what serving must reproduce."""
    model = model_of(matrix.shape[1], REGULARISATION, 1)
    model.item_factors = matrix.astype(np.float64)
    with threadpool_limits(1, user_api="blas"):
        return model.recalculate_user(np.arange(used.shape[0]), confidences(used))


def confidences(used: csr_matrix) -> csr_matrix:
    """1 + alpha * weight where a learner used an item; `implicit` takes the rest for 1."""
    return csr_matrix((1 + ALPHA * used.data, used.indices, used.indptr), shape=used.shape, dtype=np.float32)


def largest_singular_value(matrix: csr_matrix) -> float:
    """By power iteration from ones, which has a part in the direction looked for, as no entry is negative."""
    matrix = matrix.astype(np.float64)
    direction = np.ones(matrix.shape[1])
    for _ in range(POWER_ITERATIONS):
        direction = matrix.T @ (matrix @ direction)
        direction /= np.linalg.norm(direction)
    return float(np.linalg.norm(matrix @ direction))


def model_of(dimensions: int, regularisation: float, seed: int) -> AlternatingLeastSquares:
    with threadpool_limits(1, user_api="blas"):  # it warns of more
        return AlternatingLeastSquares(
            factors=dimensions,
            regularization=regularisation,
            alpha=1.0,  # the confidences hold it
            dtype=np.float64,
            use_cg=False,
            iterations=ITERATIONS,
            num_threads=1,
            random_state=seed,
        )


def files(trained: list[CourseFactors], courses: list[str], items: list[str]) -> dict[str, bytes]:
    """Their files in a bundle: the rows of the first course named, then those of the second, and so on."""
    if not trained:
        return {}
    head: dict[str, Any] = {
        "dimensions": int(trained[0].matrix.shape[1]),
        "regularisation": REGULARISATION,
        "alpha": ALPHA,
        "courses": [{"course": courses[one.course], "items": [items[item] for item in one.items]} for one in trained],
    }
    return {"item-factors.json": json_bytes(head), "item-factors.f32": float32_bytes(np.concatenate([one.matrix for one in trained]))}
