"""The commands ``verify`` and ``card``: what a bundle is, without training anything."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skillforge_ml import bundle
from skillforge_ml.errors import TrainingError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder of the bundle")


def run(arguments: argparse.Namespace, _progress: Callable[[str], None]) -> dict[str, Any]:
    found = bundle.read(arguments.bundle)
    if arguments.command == "card":
        return {"text": card_of(arguments.bundle, found)}
    manifest = found.manifest
    return {"name": manifest["name"], "version": manifest["version"], "trainedUntilMs": manifest["trainedUntilMs"], "files": len(found.files)}


def card_of(folder: Path, found: bundle.Bundle) -> str:
    if bundle.CARD not in found.files:
        raise TrainingError(f"{folder} has no {bundle.CARD}")
    return found.files[bundle.CARD].decode()
