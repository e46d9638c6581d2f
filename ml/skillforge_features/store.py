"""Opens Feast on the repository of this checkout."""

import os
from datetime import datetime
from pathlib import Path

from skillforge_features.declared import REPOSITORY, Declared
from skillforge_features.errors import FeatureStoreError

# Read once, when Feast is imported.
os.environ.setdefault("FEAST_USAGE", "False")

from feast import FeatureStore  # noqa: E402

from skillforge_features.definitions import repository  # noqa: E402

REDIS = "localhost:6379"


def open_store(features: Path, project: str, redis: str = REDIS, declaration: Declared | None = None) -> FeatureStore:
    """
    Feast with the definitions of this checkout, unless others are given, in a registry below `features`, whose files they name. Redis is asked by
    what needs it alone.
    """
    if not features.is_dir():
        raise FeatureStoreError(f"{features} is no folder of features: skillforge features export --out {features}")
    os.environ["SKILLFORGE_FEATURES"] = str(features.resolve())
    os.environ["SKILLFORGE_FEAST_PROJECT"] = project
    os.environ["SKILLFORGE_FEAST_REDIS"] = redis
    os.environ["SKILLFORGE_FEAST_REGISTRY"] = str(features.resolve() / "registry.db")
    store = FeatureStore(repo_path=str(REPOSITORY))
    store.apply(repository(declaration))
    return store


def materialize(store: FeatureStore, views: list[str], start: datetime, end: datetime) -> None:
    """Writes the newest rows of [start, end] of these views into the online store."""
    store.materialize(start_date=start, end_date=end, feature_views=views)
