"""The step ``card``: the complete model card of a training run, as text.

The bundle has a card of its own, which depends on what was learnt alone. This one adds what a run knows besides: which data were accepted and why, how the bundle
ranks what came later, and by what it can be found again. A bundle whose own card lacks a part is refused.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skillforge_ml import bundle
from skillforge_ml.errors import TrainingError
from skillforge_ml.retrieval_card import day

# Parts of a bundle's card, as "Model Cards for Model Reporting" (Mitchell et al., FAT* 2019) asks for.
PARTS = ("Intended use", "Model", "Data", "Groups of learners", "Limits")
MEASURES = {"decisions": "decisions", "ndcg@10": "NDCG@10", "popularity": "by events of the last week", "shown": "by the order that was shown"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", type=Path, required=True, metavar="BUNDLE", help="bundle with rankers")
    parser.add_argument("--validation", type=Path, required=True, metavar="FILE", help="report of the step validate")
    parser.add_argument("--evaluation", type=Path, required=True, metavar="FILE", help="report of the step evaluate")


def run(arguments: argparse.Namespace, _progress: Callable[[str], None]) -> dict[str, Any]:
    validation, evaluation = (json.loads(path.read_text(encoding="utf-8")) for path in (arguments.validation, arguments.evaluation))
    return {"text": card(bundle.read(arguments.bundle), validation, evaluation)}


def card(found: bundle.Bundle, validation: dict[str, Any], evaluation: dict[str, Any]) -> str:
    """Text of the card: the bundle's own, then what the run adds."""
    own = own_card(found)
    manifest = found.manifest
    libraries = ", ".join(f"{name} {version}" for name, version in manifest["libraries"].items())
    return f"""{own.rstrip()}

## This version

| what | value |
|---|---|
| bundle | `{manifest["name"]}@{manifest["version"]}` |
| region | {manifest["region"]} |
| features | `{manifest["featureSet"]["id"]}`, {len(manifest["featureSet"]["columns"])} columns |
| trained on | {day(manifest["trainedFromMs"])} up to {day(manifest["trainedUntilMs"])} |
| data | `{manifest["dataHash"]}` |
| libraries | {libraries} |

## Checks of the data

| check | answer | why |
|---|---|---|
{chr(10).join(f"| {one['name']} | {one['status']} | {one['reason']} |" for one in validation["checks"])}

## Quality after training

{quality(evaluation)}
"""


def own_card(found: bundle.Bundle) -> str:
    if bundle.CARD not in found.files:
        raise TrainingError(f"bundle {found.manifest['version']} has no {bundle.CARD}")
    text = found.files[bundle.CARD].decode()
    missing = [part for part in PARTS if f"\n## {part}\n" not in text]
    if missing:
        raise TrainingError(f"{bundle.CARD} of bundle {found.manifest['version']} has no part '{missing[0]}'")
    return text


def quality(evaluation: dict[str, Any]) -> str:
    after = evaluation["after"]
    if all(found is None for found in after.values()):
        return f"No decision after training had its week ended by {day(evaluation['knownUntilMs'])}: not measured."
    rows = "\n".join(
        f"| {text} | " + " | ".join("none" if found is None or found[key] is None else str(found[key]) for found in after.values()) + " |"
        for key, text in MEASURES.items()
    )
    return f"""Decisions from {day(evaluation["trainedUntilMs"])} on, by what learners used in the week after each, known up to {day(evaluation["knownUntilMs"])}.

| figure | {" | ".join(after)} |
|---|{"---|" * len(after)}
{rows}"""
