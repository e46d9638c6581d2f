"""
The command ``compare``: a candidate against its champion, on logged decisions that neither has seen.

Both rank the same rows, and what learners used in the week after tells who ranked better: NDCG@10 by list, over all learners and by group. Without a
champion the opponent is the order that learners were shown, as the log has it. Beside that: how far features and scores have moved since the candidate
was trained. It judges nothing; bounds are those of whoever asks.
"""

import argparse
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from skillforge_ml import drift, examples, reference
from skillforge_ml.errors import TrainingError
from skillforge_ml.examples import LISTS, Examples
from skillforge_ml.export_reader import HOUR_MS, Export
from skillforge_ml.intervals import relative_difference
from skillforge_ml.labels import label
from skillforge_ml.learner_groups import Group, groups_of
from skillforge_ml.metrics import ndcg_of_groups
from skillforge_ml.onnx_scoring import Rankers

# The opponent where there is no champion.
LOGGED = "logged"
# A group of fewer learners tells about these learners rather than about the group; not even its size leaves this program.
FEWEST_LEARNERS = 30
# More decisions than these cost time and narrow no interval that matters.
MOST = 20_000
SEED = 1
DECIMALS = 6


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--export", type=Path, required=True, metavar="DIR", help="folder of the training export")
    parser.add_argument("--from", dest="from_ms", type=int, required=True, metavar="MS", help="first instant of the decisions, in ms since the epoch")
    parser.add_argument("--until", type=int, required=True, metavar="MS", help="instant before which the decisions were made, in ms since the epoch")
    parser.add_argument("--candidate", type=Path, required=True, metavar="BUNDLE", help="bundle that wants to decide")
    parser.add_argument("--champion", type=Path, metavar="BUNDLE", help="bundle that decides (default: the order that the log has)")


def run(arguments: argparse.Namespace, progress: Callable[[str], None]) -> dict[str, Any]:
    export = Export(arguments.export)
    candidate = Rankers(arguments.candidate)
    champion = None if arguments.champion is None else Rankers(arguments.champion)
    for one in (candidate, champion):
        if one is not None:
            check(one, export, arguments.from_ms)
    return compared(export, candidate, champion, arguments.from_ms, arguments.until, progress)


def check(rankers: Rankers, export: Export, from_ms: int) -> None:
    """Refuses what cannot be compared, and a model that was trained on what it would be judged by."""
    rankers.check(export)
    if from_ms < rankers.trained_until_ms:
        raise TrainingError(f"{rankers.folder} has seen what happened up to {rankers.trained_until_ms}: decisions from --from {from_ms} on cannot judge it")


def compared(
    export: Export, candidate: Rankers, champion: Rankers | None, from_ms: int, until_ms: int, progress: Callable[[str], None]
) -> dict[str, Any]:
    """The document: measures by list, by list and group, and drift; None where something cannot be measured."""
    at = np.asarray(export.decisions.at)
    made = (at >= from_ms) & (at < until_ms) & export.decided_with_consent()
    if not made.any():
        raise TrainingError(f"{export.folder} has no decision from {from_ms} up to {until_ms} of a learner who agrees to profiling")
    chosen = examples.at_most(made, MOST, SEED)
    known_until = known_until_ms(export)
    labels = label(export, known_until)
    groups = groups_of(export)
    found = {}
    for name in LISTS:
        progress(f"comparing the list {name}")
        decided = mixed(examples.examples(export, labels, chosen & labels.closed, name))
        found[name] = compared_list(export, decided, groups, qualities(export, decided, name, candidate, champion))
    return {
        "candidate": candidate.version,
        "opponent": LOGGED if champion is None else champion.version,
        "fromMs": from_ms,
        "untilMs": until_ms,
        "knownUntilMs": known_until,
        "decisions": int(made.sum()),
        "labelled": int((made & labels.closed).sum()),
        "lists": found,
        **drifted(export, candidate, reference.sample_of(export, chosen)),
    }


def compared_list(export: Export, decided: Examples, groups: dict[Group, np.ndarray], quality: tuple[np.ndarray, np.ndarray]) -> dict[str, Any]:
    """What is measured for a list: over all learners, and for each group that is large enough."""
    learners = np.asarray(export.decisions.learner)[decided.decision]
    large = []
    for (attribute, value), members in groups.items():
        inside = members[decided.decision]
        if len(np.unique(learners[inside])) >= FEWEST_LEARNERS:
            large.append({"attribute": attribute, "value": value, "measured": measured(*(one[inside] for one in quality), learners[inside])})
    return {"measured": measured(*quality, learners), "groups": large, "smallGroups": len(groups) - len(large)}


def known_until_ms(export: Export) -> int:
    """Up to when the export knows what learners used: an export that is told to end later than its data knows no more."""
    hours = export.interactions.hour
    last = (int(hours[-1]) + 1) * HOUR_MS if len(hours) > 0 else 0
    return last if export.until_ms is None else min(last, export.until_ms)


def mixed(found: Examples) -> Examples:
    """Rows of each decision in an order of their own: the log has the best ones first, which equal scores would profit from."""
    groups = np.repeat(np.arange(len(found)), found.sizes)
    order = np.lexsort((np.random.default_rng(SEED).random(len(groups)), groups))
    return replace(found, features=found.features[order], positive=found.positive[order], row=found.row[order])


def qualities(export: Export, found: Examples, name: str, candidate: Rankers, champion: Rankers | None) -> tuple[np.ndarray, np.ndarray]:
    """NDCG@10 of each decision, by the candidate and by its opponent."""
    theirs = listed(export, found, name) if champion is None else champion.scores(name, found.features)
    return tuple(ndcg_of_groups(scores, found.positive, found.sizes) for scores in (candidate.scores(name, found.features), theirs))


def listed(export: Export, found: Examples, name: str) -> np.ndarray:
    """Scores that order rows as they were shown; those that were not shown come last."""
    place = np.asarray(getattr(export.rows, name))[found.row].astype(np.float64)
    return np.where(place < 0, -np.inf, -place)


def measured(ours: np.ndarray, theirs: np.ndarray, learners: np.ndarray) -> dict[str, Any] | None:
    """Means, and the relative difference with its interval; None where there is no decision, or the opponent has nothing right."""
    found = relative_difference(ours, theirs, learners) if len(ours) > 0 else None
    if found is None:
        return None
    figures = {"candidate": float(ours.mean()), "opponent": float(theirs.mean()), **asdict(found)}
    return {"decisions": len(ours), "learners": len(np.unique(learners)), **{name: rounded(value) for name, value in figures.items()}}


def drifted(export: Export, candidate: Rankers, sample: reference.Sample) -> dict[str, Any]:
    """Population stability of features and scores against the candidate's reference; None where the bundle has none."""
    known = candidate.document(reference.REFERENCE)
    if known is None:
        return {"inputs": None, "scores": None}
    return {"inputs": moved_inputs(export, known, sample), "scores": {name: moved(known["scores"][name], candidate.scores(name, sample.features), sample.weights) for name in LISTS}}


def moved_inputs(export: Export, known: dict[str, Any], sample: reference.Sample) -> list[dict[str, Any]]:
    """Name, declared type and population stability index of each feature of a reference, in the order of the feature set."""
    types = {column["name"]: column.get("type") for column in export.feature_set["columns"]}
    return [
        {"name": one["name"], "type": types[one["name"]], "psi": moved(one, sample.features[:, n], sample.weights)} for n, one in enumerate(known["features"])
    ]


def moved(known: dict[str, Any], values: np.ndarray, weights: np.ndarray) -> float:
    found = drift.shares_of(values, np.array(known["edges"]), weights)
    return round(drift.psi(np.array(known["shares"]), found), DECIMALS)


def rounded(value: float) -> float | None:
    return round(value, DECIMALS) if np.isfinite(value) else None
