"""The folder of a training run: what its steps write, and how it is found again.

``bundle`` (with ``retrieval`` beside it, which it was made from), ``validation.json``, ``evaluation.json``, ``model-card.md``, and ``training.json`` with
what training was told. The folder appears when it is whole.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skillforge_ml import bundle
from skillforge_ml.errors import TrainingError

BUNDLE, RETRIEVAL = "bundle", "retrieval"
VALIDATION, EVALUATION, CARD, SETTINGS = "validation.json", "evaluation.json", "model-card.md", "training.json"


@dataclass(frozen=True)
class TrainingRun:
    """A finished run. `digest` is the SHA-256 of the bundle's manifest, which names the digests of all its files."""

    folder: Path
    manifest: dict[str, Any]
    digest: str
    settings: dict[str, Any]
    evaluation: dict[str, Any]

    @property
    def name(self) -> str:
        """Name and version of the bundle, as records tell it."""
        return f"{self.manifest['name']}@{self.manifest['version']}"

    def tags(self) -> dict[str, str]:
        """By these a registry finds the version again."""
        return {
            "sha256": self.digest,
            "bundle_version": self.manifest["version"],
            "region": self.manifest["region"],
            "trained_until_ms": str(self.manifest["trainedUntilMs"]),
            "data_hash": self.manifest["dataHash"],
        }


def read(folder: Path) -> TrainingRun:
    """Reads the folder of a run, and checks every digest of its bundle."""
    manifest = bundle.read(folder / BUNDLE).manifest
    digest = bundle.sha256((folder / BUNDLE / bundle.MANIFEST).read_bytes())
    try:
        settings, evaluation = (json.loads((folder / name).read_text(encoding="utf-8")) for name in (SETTINGS, EVALUATION))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{folder} is no training run: {error}") from error
    return TrainingRun(folder, manifest, digest, settings, evaluation)


def check_place(out: Path) -> None:
    """Refuses a place where something else is than an earlier run."""
    if out.exists() and not (out / SETTINGS).is_file():
        raise TrainingError(f"{out} is there and is no training run: name a folder that does not exist")


def write(out: Path, fill: Callable[[Path], None]) -> TrainingRun:
    """Fills a folder beside its place, then puts it there; an earlier run is replaced, so that a run can be repeated."""
    check_place(out)
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        fill(partial)
        shutil.rmtree(out, ignore_errors=True)
        os.replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return read(out)


def write_json(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
