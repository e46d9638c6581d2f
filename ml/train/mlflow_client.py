"""The way to MLflow that the steps ``log`` and ``register`` share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from skillforge_ml.errors import TrainingError

# MLflow looks at both with each call. Its own patience is minutes: whoever runs a step repeats it.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


@contextmanager
def mlflow_at(tracking_uri: str) -> Iterator[MlflowClient]:
    """A client, whose errors name the address. @raise TrainingError: MLflow cannot be reached, or refuses"""
    try:
        yield MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
    except MlflowException as error:
        first = (str(error).splitlines() or [""])[0]
        raise TrainingError(f"MLflow at {tracking_uri} cannot be used: {first}") from error
