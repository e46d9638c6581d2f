"""Logged decisions for tests: a course in which learners mostly use what others used lately, and, of that, what they have not opened."""

import numpy as np

import exports
from exports import DAY_MS, START_HOUR, SmallExport

COLUMNS = ["opened", "cohort_events_7d", "own_days", "noise"]
DAYS = 42
START_MS = START_HOUR * 3_600_000
UNTIL_MS = START_MS + DAYS * DAY_MS


def logged(learners: int = 24, items: int = 30, seed: int = 3) -> SmallExport:
    """Six weeks; each learner uses items near the place of the course's week, and every learner has a decision at each midnight."""
    random = np.random.default_rng(seed)
    used = np.zeros((DAYS, learners, items), dtype=bool)
    for day in range(DAYS):
        distance = np.abs(np.arange(items) - day * items / DAYS)
        used[day] = random.random((learners, items)) < 0.5 * np.exp(-distance / 2)
    interactions = [(learner, START_HOUR + 24 * day + 9, item, 0, 1) for day, learner, item in np.argwhere(used).tolist()]
    days = np.repeat(np.arange(1, DAYS), learners)
    deciders = np.tile(np.arange(learners), DAYS - 1)
    own = np.cumsum(used, axis=0)[days - 1, deciders]
    lately = np.array([used[max(0, day - 7) : day].sum(axis=(0, 1)) for day in range(DAYS)])[days]
    features = np.stack([own > 0, lately, own, random.random(own.shape)], axis=-1).reshape(-1, len(COLUMNS))
    count = len(days)
    export = SmallExport(
        items=[f"item-{n}" for n in range(items)],
        learners=[f"learner-{n}" for n in range(learners)],
        courses=["A"],
        interactions=interactions,
        profiles=[{"learner": f"learner-{n}", "consent": True, "attributes": {}, "courses": []} for n in range(learners)],
        columns=[{"name": name} for name in COLUMNS],
        decisions={"learner": deciders, "course": np.zeros(count), "at": START_MS + days * DAY_MS, "rows": np.full(count, items)},
        rows={
            "item": np.tile(np.arange(items), count),
            "source": np.zeros(count * items),
            "next": np.full(count * items, -1),
            "new": np.full(count * items, -1),
            "weight": np.ones(count * items),
            "features": features,
        },
    )
    return export


def write(folder, export: SmallExport | None = None):
    """Writes such an export and gives its folder."""
    return exports.write(folder, export or logged())
