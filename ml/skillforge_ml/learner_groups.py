"""Groups of learners that quality is measured for. Attributes of profiles are read here to compare groups, never to learn from."""

import numpy as np

from skillforge_ml.export_reader import HOUR_MS, Export

FIRST_DAYS_MS = 7 * 24 * HOUR_MS
# Name of the group of those who came lately, beside attributes of profiles.
NEWCOMERS = ("enrolled", "in the first 7 days")

Group = tuple[str, str]


def groups_of(export: Export) -> dict[Group, np.ndarray]:
    """A flag for each decision of the export, by attribute and value: every value of each attribute of a profile, and learners in their first seven days."""
    _, attributes = export.consents
    learner = np.asarray(export.decisions.learner, dtype=np.int64)
    members: dict[Group, list[int]] = {}
    for position, values in attributes.items():
        for attribute, value in values.items():
            members.setdefault((attribute, value), []).append(position)
    found = {group: np.isin(learner, members[group]) for group in sorted(members)}
    return {**found, NEWCOMERS: np.asarray(export.decisions.at) < first_enrolments(export)[learner] + FIRST_DAYS_MS}


def first_enrolments(export: Export) -> np.ndarray:
    """When each learner was first enrolled in any course, ms; -inf where the export does not tell."""
    position = {name: n for n, name in enumerate(export.learners)}
    found = np.full(len(export.learners), -np.inf)
    for profile in export.profiles():
        times = [course["enrolledAtMs"] for course in profile["courses"]]
        if profile["learner"] in position and times:
            found[position[profile["learner"]]] = min(times)
    return found
