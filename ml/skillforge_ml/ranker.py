"""The command ``ranker``: learns both rankers from logged decisions, and puts them beside what retrieval learnt."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from skillforge_ml import bundle, examples, lambdarank, parity, reference, trees
from skillforge_ml.errors import TrainingError
from skillforge_ml.examples import LISTS, Examples
from skillforge_ml.export_reader import Export
from skillforge_ml.labels import WINDOW_MS, Labels, label
from skillforge_ml.metrics import mean_ndcg
from skillforge_ml.onnx_export import OPSET, onnx_bytes
from skillforge_ml.onnx_scoring import Ranker
from skillforge_ml.ranker_card import card

NAME = "ranker"
LIBRARIES = ("lightgbm", "numpy", "onnx", "onnxruntime")
# Files of an export that this training reads, by the first part of their names.
PARTS = ("decisions", "export", "interactions", "learners", "rows")
# The number of trees is chosen on decisions of the last 14 days whose windows had ended: those of one week.
HELD_OUT_MS = 2 * WINDOW_MS
FEWEST = 50
# More decisions than these cost time and change little.
MOST = 5_000
# Lists whose scores never fall where the cohort uses an item more.
DIRECTED = ("new",)
# What every learnt ranker is compared with: the order by events of the last week.
POPULARITY = "cohort_events_7d"


@dataclass(frozen=True)
class Choices:
    """
    What training may be told besides the data. `dropped` and `shuffle` make rankers for comparison; `trees` is chosen by measure where it is
    None; `note` says in the card what the bundle is for.
    """

    until_ms: int
    seed: int = 1
    dropped: tuple[str, ...] = ()
    shuffle: bool = False
    trees: int | None = None
    note: str | None = None


@dataclass(frozen=True)
class Trained:
    """A ranker, its trees, and what is told of it: NDCG@10 on held-out decisions, None where there were too few."""

    booster: lightgbm.Booster
    trees: list[trees.Tree]
    metrics: dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--export", type=Path, required=True, metavar="DIR", help="folder of the training export")
    parser.add_argument("--until", type=int, required=True, metavar="MS", help="train on what happened before this event time, in ms since the epoch")
    parser.add_argument("--retrieval", type=Path, required=True, metavar="BUNDLE", help="bundle of the command retrieval, whose files the new bundle keeps")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the bundle; must not exist, or be empty")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of what is drawn (default: %(default)s)")
    parser.add_argument("--trees", type=int, metavar="N", help="so many trees for each list (default: as many as are best on the latest decisions)")
    parser.add_argument("--note", metavar="TEXT", help="what the bundle is for, as the first words of its card")
    parser.add_argument("--drop-features", default="", metavar="A,B", help="features that no tree may use, to see what they are worth")
    parser.add_argument("--shuffle", action="store_true", help="shuffle every feature: a ranker that must lose, to see that the measure tells")


def run(arguments: argparse.Namespace, progress: Callable[[str], None]) -> dict[str, Any]:
    bundle.check_free(arguments.out)
    found = bundle.read(arguments.retrieval)
    dropped = tuple(name for name in arguments.drop_features.split(",") if name)
    choices = Choices(arguments.until, arguments.seed, dropped, arguments.shuffle, arguments.trees, arguments.note)
    files, description = train(Export(arguments.export), found, choices, progress)
    manifest = bundle.write(arguments.out, files, description)
    return {"bundle": str(arguments.out), "version": manifest["version"], "metrics": manifest["metrics"]}


def train(export: Export, retrieval: bundle.Bundle, choices: Choices, progress: Callable[[str], None]) -> tuple[dict[str, bytes], bundle.Description]:
    """The files of the bundle and what its manifest says."""
    check(export, retrieval, choices)
    labels = label(export, choices.until_ms)
    allowed = export.decided_with_consent()
    usable = labels.closed & allowed
    columns = examples.columns_of(export)
    files = {name: content for name, content in retrieval.files.items() if name != bundle.CARD}
    trained = {}
    for name in LISTS:
        progress(f"ranker of the list {name}")
        trained[name] = train_list(export, labels, usable, name, choices, progress)
        files[f"ranker-{name}.onnx"] = onnx_bytes(trained[name].trees, len(columns))
        files[f"trees-{name}.json"] = bundle.json_bytes(trees.document(trained[name].trees))
    sample = reference.latest(export, allowed, choices.until_ms, choices.seed)
    scores = {name: Ranker(files[f"ranker-{name}.onnx"]).scores(sample.features) for name in LISTS}
    files[reference.REFERENCE] = bundle.json_bytes(reference.document(columns, sample, scores))
    files[parity.PARITY] = bundle.json_bytes(parity.document(sample, {name: one.booster for name, one in trained.items()}, choices.seed))
    description = bundle.Description(
        name=NAME,
        region=export.region,
        trained_from_ms=int(export.decisions.at[usable].min(initial=choices.until_ms)),
        trained_until_ms=choices.until_ms,
        data_hash=export.data_hash(PARTS),
        feature_set={"id": export.feature_set["id"], "columns": columns},
        metrics={**{name: one.metrics for name, one in trained.items()}, "retrieval": retrieval.manifest["metrics"]},
        opset=OPSET,
        libraries=tuple(sorted({*LIBRARIES, *retrieval.manifest["libraries"]})),
    )
    return {**files, bundle.CARD: card(description, choices.dropped, retrieval.files.get(bundle.CARD), choices.note).encode()}, description


def check(export: Export, retrieval: bundle.Bundle, choices: Choices) -> None:
    if retrieval.manifest["region"] != export.region:
        raise TrainingError(f"the export is of region {export.region}, the retrieval bundle of {retrieval.manifest['region']}")
    if retrieval.manifest["trainedUntilMs"] > choices.until_ms:
        raise TrainingError(f"the retrieval bundle saw events up to {retrieval.manifest['trainedUntilMs']}, after --until {choices.until_ms}")
    unknown = sorted(set(choices.dropped) - set(examples.columns_of(export)))
    if unknown:
        raise TrainingError(f"the feature set {export.feature_set['id']} has no feature '{unknown[0]}'")


def train_list(
    export: Export, labels: Labels, usable: np.ndarray, name: str, choices: Choices, progress: Callable[[str], None]
) -> Trained:
    """Chooses the number of trees on the latest decisions, then learns from all of them."""
    columns = examples.columns_of(export)
    latest = usable & (export.decisions.at >= choices.until_ms - HELD_OUT_MS)
    earlier = usable & (export.decisions.at + WINDOW_MS <= choices.until_ms - HELD_OUT_MS)
    held_out = without_dropped(export, examples.examples(export, labels, examples.at_most(latest, MOST, choices.seed), name), choices)
    learnt = taken(export, labels, earlier, name, choices)
    count, metrics = choices.trees or lambdarank.UNTRIED, {"ndcg@10": None, "popularity": None}
    if min(len(held_out), len(learnt)) >= FEWEST:
        tried = lambdarank.TRIED if choices.trees is None else (choices.trees,)
        found = lambdarank.measured(lambdarank.fit(learnt, columns, max(tried), choices.seed, name in DIRECTED), held_out, tried)
        count = lambdarank.best(found)
        metrics = {"ndcg@10": round(found[count], 4), "popularity": popularity(held_out, columns)}
        progress(f"{count} trees: NDCG@10 {metrics['ndcg@10']} on {len(held_out)} later decisions, by popularity {metrics['popularity']}")
    everything = taken(export, labels, usable, name, choices)
    if len(everything) == 0:
        raise TrainingError(f"{export.folder} has no decision for the list {name} whose 7 days had ended by {choices.until_ms} and brought a use")
    booster = lambdarank.fit(everything, columns, count, choices.seed, name in DIRECTED)
    model = trees.trees_of(booster)
    return Trained(booster, model, {**metrics, "heldOut": len(held_out), "decisions": len(everything), "rows": len(everything.positive), "trees": len(model)})


def taken(export: Export, labels: Labels, chosen: np.ndarray, name: str, choices: Choices) -> Examples:
    found = without_dropped(export, examples.examples(export, labels, examples.at_most(chosen, MOST, choices.seed), name), choices)
    return examples.shuffled(found, choices.seed) if choices.shuffle else found


def without_dropped(export: Export, found: Examples, choices: Choices) -> Examples:
    columns = examples.columns_of(export)
    return examples.without(found, [columns.index(name) for name in choices.dropped]) if choices.dropped else found


def popularity(held_out: Examples, columns: list[str]) -> float | None:
    if POPULARITY not in columns:
        return None
    return round(mean_ndcg(held_out.features[:, columns.index(POPULARITY)], held_out.positive, held_out.sizes), 4)
