"""Which items are used together.

Neighbours of items by the cosine of the learner-days on which they were used (item-based collaborative filtering: Sarwar, Karypis, Konstan,
Riedl, WWW 2001; Deshpande, Karypis, ACM TOIS 2004), within a course. A day is what a session is here: what was done on one evening goes
together more than what was done in one term. Similarities that rest on few days are shrunk (Bell, Koren, ICDM 2007).
"""

import numpy as np
from scipy.sparse import csr_matrix

from skillforge_ml.bundle import json_bytes
from skillforge_ml.export_reader import Interactions
from skillforge_ml.uses import UseDays, use_days

NEIGHBOURS = 30
SHRINKAGE = 10.0
DECIMALS = 4

# The neighbours of an item, strongest first: position in the export's list of items, weight in (0, 1].
Neighbours = list[tuple[int, float]]


def train(interactions: Interactions, courses: int) -> dict[int, Neighbours]:
    """Neighbours of each item that has any. Of an item in several courses, those of the course where it was used most."""
    found: dict[int, Neighbours] = {}
    use: dict[int, float] = {}
    for course in range(courses):
        days = use_days(interactions.taken(np.flatnonzero(interactions.course == course)))
        items, rows = np.unique(days.item, return_inverse=True)
        together = counts(days, rows, len(items))
        alone = together.diagonal()
        for row, item in enumerate(items.tolist()):
            near = neighbours(together, alone, row)
            if near and alone[row] > use.get(item, 0):
                found[item] = [(int(items[other]), weight) for other, weight in near]
                use[item] = float(alone[row])
    return found


def counts(days: UseDays, rows: np.ndarray, items: int) -> csr_matrix:
    """On how many learner-days two items were used, items by items."""
    baskets = np.unique(np.column_stack([days.learner, days.day]), axis=0, return_inverse=True)[1].reshape(-1)
    used = csr_matrix((np.ones(len(rows)), (baskets, rows)), shape=(int(baskets.max(initial=-1)) + 1, items))
    return csr_matrix(used.T @ used)


def neighbours(together: csr_matrix, alone: np.ndarray, row: int) -> Neighbours:
    part = slice(together.indptr[row], together.indptr[row + 1])
    others, common = together.indices[part], together.data[part]
    similarity = np.round(common / (np.sqrt(alone[row] * alone[others]) + SHRINKAGE), DECIMALS)
    similarity[others == row] = 0
    order = np.lexsort((others, -similarity))[:NEIGHBOURS]
    return [(int(others[n]), float(similarity[n])) for n in order if similarity[n] > 0]


def files(found: dict[int, Neighbours], items: list[str]) -> dict[str, bytes]:
    """Their file in a bundle."""
    if not found:
        return {}
    named = sorted(set(found) | {other for near in found.values() for other, _ in near}, key=lambda item: items[item])
    position = {item: n for n, item in enumerate(named)}
    near = [[[position[other], weight] for other, weight in found.get(item, [])] for item in named]
    return {"covisits.json": json_bytes({"items": [items[item] for item in named], "neighbours": near})}
