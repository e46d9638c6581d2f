"""The command ``retrieval``: all that is learnt from interactions and the catalogue, as a bundle without rankers."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skillforge_ml import als, bundle, covisits, embeddings, segments
from skillforge_ml.errors import TrainingError
from skillforge_ml.export_reader import HOUR_MS, Export, Interactions
from skillforge_ml.retrieval_card import card

NAME = "retrieval"
LIBRARIES = ("implicit", "numpy", "scipy", "usearch")
# Files of an export that this training reads, by the first part of their names.
PARTS = ("interactions", "curricula", "learners")
# Attributes of the profile that segments may use. Gender, age, disability, deprivation and region group nobody unless someone asks for it.
ATTRIBUTES = ("education",)
# What may be learnt. Factors and co-visits know items by name: they are of no use where other items are served.
LEARNT = ("factors", "covisits", "embeddings", "segments")


@dataclass(frozen=True)
class Choices:
    """What training may be told besides the data. `dimensions` is that of item factors."""

    until_ms: int
    dimensions: int = als.DIMENSIONS
    attributes: tuple[str, ...] = ATTRIBUTES
    seed: int = 1
    parts: tuple[str, ...] = LEARNT


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--export", type=Path, required=True, metavar="DIR", help="folder of the training export")
    parser.add_argument("--until", type=int, required=True, metavar="MS", help="train on what happened before this event time, in ms since the epoch")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the bundle; must not exist, or be empty")
    parser.add_argument("--dimensions", type=int, default=als.DIMENSIONS, metavar="N", help="dimensions of item factors (default: %(default)s)")
    parser.add_argument("--attributes", nargs="*", default=list(ATTRIBUTES), metavar="NAME", help="attributes that segments use (default: education)")
    parser.add_argument("--parts", nargs="+", choices=LEARNT, default=list(LEARNT), help="learn only these (default: all)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of what is drawn (default: %(default)s)")


def run(arguments: argparse.Namespace, progress: Callable[[str], None]) -> dict[str, Any]:
    if arguments.dimensions < 1:
        raise TrainingError(f"--dimensions must be at least 1, not {arguments.dimensions}")
    bundle.check_free(arguments.out)
    choices = Choices(arguments.until, arguments.dimensions, tuple(arguments.attributes), arguments.seed, tuple(arguments.parts))
    export = Export(arguments.export)
    files, description = train(export, choices, progress)
    manifest = bundle.write(arguments.out, files, description)
    return {"bundle": str(arguments.out), "version": manifest["version"], "metrics": manifest["metrics"]}


def train(export: Export, choices: Choices, progress: Callable[[str], None]) -> tuple[dict[str, bytes], bundle.Description]:
    """
    The files of the bundle and what its manifest says. A part is left out where it was not asked for, or there is nothing to learn it
    from: items for the embeddings, interactions for the others.
    """
    consenting, attributes = export.consents
    interactions = allowed(export.interactions.before(choices.until_ms), consenting)
    courses = known_items(export, choices.until_ms)
    if len(interactions) == 0 and not any(courses.values()):
        raise TrainingError(f"{export.folder} has neither interactions nor items from before --until {choices.until_ms}")
    progress(f"item factors from {len(interactions)} interactions")
    factors = als.train(interactions, len(export.courses), choices.dimensions, choices.seed)
    progress("co-visits")
    together = covisits.train(interactions, len(export.courses))
    items = {item["item"]: item for course in sorted(courses) for item in courses[course]}
    progress(f"embeddings of {len(items)} items")
    embedder = embeddings.train([items[name] for name in sorted(items)]) if items else None
    active = np.unique(interactions.learner)
    progress(f"segments of {len(active)} learners")
    kinds = [items[name]["kind"] if name in items else None for name in export.items]
    learners = segments.Learners(active, [attributes[learner] for learner in active.tolist()])
    groups = segments.train(learners, interactions, kinds, choices.attributes, choices.seed)
    found = {
        "factors": als.files(factors, export.courses, export.items),
        "covisits": covisits.files(together, export.items),
        "embeddings": embeddings.files(embedder, courses) if embedder is not None else {},
        "segments": segments.files(groups),
    }
    files = {name: content for part in choices.parts for name, content in found[part].items()}
    metrics = {
        "interactions": len(interactions),
        "learners": len(active),
        "courses": len(courses),
        "items": len(items),
        "itemsWithFactors": sum(len(one.items) for one in factors) if "factors" in choices.parts else 0,
        "itemsWithCovisits": len(together) if "covisits" in choices.parts else 0,
        "segments": 0 if groups is None else len(groups.centroids),
        "silhouette": None if groups is None else max(groups.silhouettes.values()),
    }
    description = bundle.Description(
        name=NAME,
        region=export.region,
        trained_from_ms=int(interactions.hour[0]) * HOUR_MS if len(interactions) > 0 else choices.until_ms,
        trained_until_ms=choices.until_ms,
        data_hash=export.data_hash(PARTS),
        metrics=metrics,
        libraries=LIBRARIES,
    )
    return {**files, bundle.CARD: card(description, choices.attributes, files).encode()}, description


def allowed(interactions: Interactions, consenting: np.ndarray) -> Interactions:
    return interactions.taken(np.flatnonzero(consenting[interactions.learner]))


def known_items(export: Export, until_ms: int) -> dict[str, list[dict[str, Any]]]:
    """Items by course that the catalogue had by an instant, without those withdrawn."""
    return {
        curriculum["course"]: [item for item in curriculum["items"] if item["addedAtMs"] < until_ms and not item["withdrawn"]]
        for curriculum in export.curricula()
    }
