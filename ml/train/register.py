"""The step ``register``: the bundle of a logged run as one version of a registered model, with tags by which it is found and checked."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from train import training_run
from train.log import ARTIFACT, DIGEST_TAG
from train.mlflow_client import mlflow_at
from train.training_run import TrainingRun


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="folder of the training run")
    parser.add_argument("--run-id", required=True, metavar="ID", help="id of the run in MLflow, from the step log")
    parser.add_argument("--tracking-uri", required=True, metavar="URL", help="address of MLflow")
    parser.add_argument("--model", default="recommender", metavar="NAME", help="name of the registered model (default: %(default)s)")


def run(arguments: argparse.Namespace, _progress: Callable[[str], None]) -> dict[str, Any]:
    return registered(training_run.read(arguments.run), arguments.tracking_uri, arguments.model, arguments.run_id)


def registered(done: TrainingRun, tracking_uri: str, model: str, run_id: str) -> dict[str, Any]:
    """Registers the bundle, unless a version has its digest. @return number of the version, and whether it is a new one"""
    with mlflow_at(tracking_uri) as client:
        create_model(client, model)
        earlier = [one for one in versions(client, model) if one.tags.get(DIGEST_TAG) == done.digest]
        version = min(earlier, key=lambda one: int(one.version)) if earlier else create_version(client, done, model, run_id)
    return {"model": model, "number": str(version.version), "isNew": not earlier}


def create_model(client: MlflowClient, model: str) -> None:
    try:
        client.create_registered_model(model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def versions(client: MlflowClient, model: str) -> list[ModelVersion]:
    found, token = [], None
    while True:
        page = client.search_model_versions(f"name = '{model}'", page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def create_version(client: MlflowClient, done: TrainingRun, model: str, run_id: str) -> ModelVersion:
    """Its tags come with it: nobody sees a version without."""
    source = f"{client.get_run(run_id).info.artifact_uri}/{ARTIFACT}"
    return client.create_model_version(model, source, run_id=run_id, tags=done.tags(), description=done.name)
