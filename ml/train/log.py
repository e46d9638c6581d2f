"""The step ``log``: a training run as a run of MLflow, with parameters, hashes of the data, metrics, and as artifacts the bundle, the model card and the reports."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.utils.time import get_current_time_millis

from train import training_run
from train.mlflow_client import mlflow_at
from train.training_run import TrainingRun

# Where the bundle lies among the artifacts: serving fetches it from there.
ARTIFACT = "bundle"
# A run with this digest has the same bytes.
DIGEST_TAG = "sha256"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="folder of the training run")
    parser.add_argument("--tracking-uri", required=True, metavar="URL", help="address of MLflow")
    parser.add_argument("--model", default="recommender", metavar="NAME", help="name of the experiment (default: %(default)s)")


def run(arguments: argparse.Namespace, _progress: Callable[[str], None]) -> dict[str, Any]:
    return logged(training_run.read(arguments.run), arguments.tracking_uri, arguments.model)


def logged(done: TrainingRun, tracking_uri: str, experiment: str) -> dict[str, Any]:
    """Logs the run, unless a finished one has the same bundle. @return id of the run in MLflow"""
    with mlflow_at(tracking_uri) as client:
        experiment_id = experiment_of(client, experiment)
        wanted = f"tags.{DIGEST_TAG} = '{done.digest}' and attributes.status = 'FINISHED'"
        earlier = client.search_runs([experiment_id], wanted, max_results=1)
        run_id = earlier[0].info.run_id if earlier else log(client, done, experiment_id)
    return {"runId": run_id, "experiment": experiment}


def experiment_of(client: MlflowClient, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return client.create_experiment(name) if found is None else found.experiment_id


def log(client: MlflowClient, done: TrainingRun, experiment_id: str) -> str:
    run_id = client.create_run(experiment_id, run_name=done.name, tags=done.tags()).info.run_id
    status = "FAILED"
    try:
        client.log_batch(run_id, params=params(done), metrics=metrics(done))
        client.log_artifacts(run_id, str(done.folder / training_run.BUNDLE), ARTIFACT)
        for name in (training_run.CARD, training_run.VALIDATION, training_run.EVALUATION, training_run.SETTINGS):
            client.log_artifact(run_id, str(done.folder / name))
        status = "FINISHED"
    finally:
        client.set_terminated(run_id, status)
    return run_id


def params(done: TrainingRun) -> list[Param]:
    """What training was told and what it was given."""
    manifest = done.manifest
    found = {
        "until_ms": done.settings["untilMs"],
        "seed": done.settings["seed"],
        "trees": "measured" if done.settings["trees"] is None else done.settings["trees"],
        "accepted_checks": ",".join(done.settings["accepted"]) or "none",
        "feature_set": manifest["featureSet"]["id"],
        "data_hash": manifest["dataHash"],
        "data_hash_retrieval": done.settings["dataHash"]["retrieval"],
        **{f"library_{name}": version for name, version in manifest["libraries"].items()},
    }
    return [Param(name, str(value)) for name, value in found.items()]


def metrics(done: TrainingRun) -> list[Metric]:
    """Every number that training and evaluation told, such as `next.ndcg_at_10` and `after.new.popularity`."""
    now = get_current_time_millis()
    found = flat(done.manifest["metrics"]) | flat({"after": done.evaluation["after"]})
    return [Metric(name, value, now, 0) for name, value in found.items()]


def flat(document: Any, prefix: str = "") -> dict[str, float]:
    """Numbers of a document by the path to them. MLflow's names have no `@`."""
    if isinstance(document, dict):
        parts = [flat(value, f"{prefix}.{name}" if prefix else name) for name, value in document.items()]
        return {name: value for part in parts for name, value in part.items()}
    is_number = isinstance(document, (int, float)) and not isinstance(document, bool)
    return {prefix.replace("@", "_at_"): float(document)} if is_number else {}
