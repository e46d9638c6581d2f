"""The command ``run``: all steps, from an export to a registered version.

The same export, instant and settings give the same bundle, and a bundle that is registered already is not registered again: a run can be repeated.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skillforge_ml import bundle, ranker, retrieval
from skillforge_ml.export_reader import Export
from skillforge_ml.onnx_scoring import Rankers
from train import card, evaluate, training_run, validate
from train.training_run import TrainingRun
from train.validate import Expected


def configure(parser: argparse.ArgumentParser) -> None:
    validate.configure(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the training run; replaces an earlier run there")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of what is drawn (default: %(default)s)")
    parser.add_argument("--trees", type=int, metavar="N", help="so many trees for each list (default: as many as are best on the latest decisions)")
    parser.add_argument("--tracking-uri", metavar="URL", help="MLflow that the run is logged to, and its bundle registered in")
    parser.add_argument("--model", default="recommender", metavar="NAME", help="name of the registered model, and of the experiment (default: %(default)s)")


def run(arguments: argparse.Namespace, progress: Callable[[str], None]) -> dict[str, Any]:
    training_run.check_place(arguments.out)
    export = Export(arguments.export)
    settings = {"untilMs": arguments.until, "seed": arguments.seed, "trees": arguments.trees, "accepted": arguments.accept}
    progress("validate")
    validation = validate.validated(export, validate.expected_of(arguments), tuple(arguments.accept))
    done = training_run.write(arguments.out, lambda folder: fill(folder, export, settings, validation, progress))
    summary = {
        "out": str(arguments.out),
        "bundle": str(arguments.out / training_run.BUNDLE),
        "version": done.manifest["version"],
        "tags": done.tags(),
        "validation": validation,
        "evaluation": done.evaluation,
    }
    if arguments.tracking_uri is None:
        return {**summary, "registered": None}
    return {**summary, "registered": to_mlflow(done, arguments.tracking_uri, arguments.model, progress)}


def fill(folder: Path, export: Export, settings: dict[str, Any], validation: dict[str, Any], progress: Callable[[str], None]) -> None:
    """Writes everything that a run leaves."""
    until_ms, seed = settings["untilMs"], settings["seed"]
    progress("retrieval")
    bundle.write(folder / training_run.RETRIEVAL, *retrieval.train(export, retrieval.Choices(until_ms, seed=seed), progress))
    found = bundle.read(folder / training_run.RETRIEVAL)
    progress("ranker")
    choices = ranker.Choices(until_ms, seed, trees=settings["trees"])
    bundle.write(folder / training_run.BUNDLE, *ranker.train(export, found, choices, progress))
    progress("evaluate")
    rankers = Rankers(folder / training_run.BUNDLE)
    evaluation = evaluate.evaluated(export, rankers, progress)
    progress("card")
    text = card.card(bundle.Bundle(rankers.manifest, rankers.files), validation, evaluation)
    (folder / training_run.CARD).write_text(text, encoding="utf-8")
    training_run.write_json(folder / training_run.VALIDATION, validation)
    training_run.write_json(folder / training_run.EVALUATION, evaluation)
    training_run.write_json(folder / training_run.SETTINGS, {**settings, "dataHash": {"retrieval": found.manifest["dataHash"]}})


def to_mlflow(done: TrainingRun, tracking_uri: str, model: str, progress: Callable[[str], None]) -> dict[str, Any]:
    """Logs and registers. Imported here: without MLflow the trainer's packages are enough."""
    from train import log, register

    progress("log")
    logged = log.logged(done, tracking_uri, model)
    progress("register")
    return {**logged, **register.registered(done, tracking_uri, model, logged["runId"])}
