"""LambdaMART as LightGBM has it.

Burges, "From RankNet to LambdaRank to LambdaMART: An Overview", Microsoft Research TR-2010-82; Ke et al., "LightGBM: A Highly Efficient
Gradient Boosting Decision Tree", NIPS 2017. The same examples and the same seed give the same trees on the same kind of processor.
"""

import re

import lightgbm
import numpy as np

from skillforge_ml.examples import Examples
from skillforge_ml.export_reader import HOUR_MS
from skillforge_ml.metrics import mean_ndcg

# Each tree sees a part of the rows and of the features. Steps half as large were 0.01 of NDCG behind on days that serve no table, in the list of what is not opened.
PARAMETERS = {
    "objective": "lambdarank",
    "learning_rate": 0.06,
    "num_leaves": 31,
    "min_data_in_leaf": 50,
    "lambda_l2": 5.0,
    "feature_fraction": 0.25,
    "bagging_fraction": 0.4,
    "bagging_freq": 1,
    "lambdarank_truncation_level": 20,
    "max_bin": 63,
    "use_missing": False,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
# Habits change: what a decision weighs beyond the floor halves for every 60 days before the latest one. The floor is for earlier runs of a
# course: some comparisons favoured none, others one; it is a judgement, not an optimum.
HALF_LIFE_MS = 60 * 24 * HOUR_MS
FLOOR = 0.15
# Numbers of trees that are tried, and the one taken where there are too few decisions to try any.
TRIED = (60, 100, 140, 180, 240)
UNTRIED = 120
# What a ranker of items that were not opened may not learn: that one is worth more because the cohort uses it less, all else being equal. Items
# that fewer learners opened than the floor of cohorts have the features of what nobody uses. In some weeks one of them is what everybody opens
# next, and a ranker that learns it from those would put all of them first in others. Of what was opened, the learner's own use tells more.
MORE_IS_BETTER = re.compile(r"cohort_((events|learner_days|new_learners|event_share|learner_share|new_share)_\d+d|uptake_7d)")
LESS_IS_BETTER = re.compile(r"cohort_(event|learner|new)_rank_\d+d")


def directions(names: list[str]) -> list[int]:
    """For each feature whether a score may only grow with it (1), only fall (-1), or both (0)."""
    return [1 if MORE_IS_BETTER.fullmatch(name) else -1 if LESS_IS_BETTER.fullmatch(name) else 0 for name in names]


def fit(found: Examples, names: list[str], trees: int, seed: int, directed: bool = False) -> lightgbm.Booster:
    """A ranker of so many trees; fewer where nothing is left to split. `directed`: its scores keep to the directions above."""
    weights = np.repeat(FLOOR + (1 - FLOOR) * 2.0 ** ((found.at - found.at.max()) / HALF_LIFE_MS), found.sizes)
    data = lightgbm.Dataset(found.features, found.positive.astype(np.int8), group=found.sizes, weight=weights, feature_name=names)
    directed_by = {"monotone_constraints": directions(names)} if directed else {}
    return lightgbm.train({**PARAMETERS, **directed_by, "seed": seed}, data, num_boost_round=trees)


def measured(booster: lightgbm.Booster, held_out: Examples, tried: tuple[int, ...] = TRIED) -> dict[int, float]:
    """NDCG@10 on decisions that it did not learn from, by the number of its first trees."""
    scores = np.zeros(len(held_out.positive))
    found = {}
    done = 0
    for trees in tried:
        if done < booster.num_trees():
            scores += booster.predict(held_out.features, start_iteration=done, num_iteration=trees - done)
        done = trees
        found[trees] = mean_ndcg(scores, held_out.positive, held_out.sizes)
    return found


def best(found: dict[int, float]) -> int:
    """The number of trees with the highest NDCG; the fewer among equals."""
    return max(sorted(found), key=lambda trees: found[trees])
