"""The step ``evaluate``: how well a bundle ranks decisions that it has not seen, by NDCG@10.

Two measures, where there are enough decisions: training's own, by rankers that were learnt without the last days before the instant of training; and that of the
finished bundle on decisions after that instant, whose week has ended since. It judges nothing: gates do.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from skillforge_ml import compare, examples
from skillforge_ml.examples import LISTS, columns_of
from skillforge_ml.export_reader import Export
from skillforge_ml.labels import label
from skillforge_ml.metrics import mean_ndcg
from skillforge_ml.onnx_scoring import Rankers
from skillforge_ml.ranker import popularity

DECIMALS = 4


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--export", type=Path, required=True, metavar="DIR", help="folder of the training export")
    parser.add_argument("--bundle", type=Path, required=True, metavar="BUNDLE", help="bundle with rankers")


def run(arguments: argparse.Namespace, progress: Callable[[str], None]) -> dict[str, Any]:
    return evaluated(Export(arguments.export), Rankers(arguments.bundle), progress)


def evaluated(export: Export, rankers: Rankers, progress: Callable[[str], None]) -> dict[str, Any]:
    """Both measures by list; those after training are None where no decision's week has ended."""
    rankers.check(export)
    known_until = compare.known_until_ms(export)
    labels = label(export, known_until)
    later = (np.asarray(export.decisions.at) >= rankers.trained_until_ms) & labels.closed & export.decided_with_consent()
    chosen = examples.at_most(later, compare.MOST, compare.SEED)
    after = {name: measured(export, compare.mixed(examples.examples(export, labels, chosen, name)), name, rankers) for name in LISTS}
    for name, found in after.items():
        if found is not None:
            progress(f"list {name}: NDCG@10 {found['ndcg@10']} on {found['decisions']} decisions after training, by popularity {found['popularity']}")
    training = {name: rankers.manifest["metrics"][name] for name in LISTS}
    return {"trainedUntilMs": rankers.trained_until_ms, "knownUntilMs": known_until, "training": training, "after": after}


def measured(export: Export, found: examples.Examples, name: str, rankers: Rankers) -> dict[str, Any] | None:
    """NDCG@10 of the bundle, of the order by events of the last week, and of the order that learners were shown."""
    if len(found) == 0:
        return None

    def quality(scores: np.ndarray) -> float:
        return round(mean_ndcg(scores, found.positive, found.sizes), DECIMALS)

    return {
        "decisions": len(found),
        "ndcg@10": quality(rankers.scores(name, found.features)),
        "popularity": popularity(found, columns_of(export)),
        "shown": quality(compare.listed(export, found, name)),
    }
