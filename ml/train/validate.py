"""The step ``validate``: whether an export may be trained on. What cannot be checked has failed.

Checks: export and champion are of the region that is trained for, which nobody can accept otherwise; the feature set is that of the program that will serve; the export knows all that happened before the instant of training, and data reach up to it;
features are numbers; there is enough of everything, and about as much as in the run before; features are distributed as when the champion was trained.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drift.rule import MOST_PSI, is_counted
from skillforge_ml import bundle, compare, reference
from skillforge_ml.errors import TrainingError
from skillforge_ml.examples import columns_of
from skillforge_ml.export_reader import HOUR_MS, Export
from train.training_run import VALIDATION

# Fewer than these teach nothing.
LEAST = {"interactions": 500, "learners": 20, "items": 10, "decisions": 100}
# Of the run before, by count: a day more or less changes little, half of the data missing much.
LEAST_OF_BEFORE, MOST_OF_BEFORE = 0.6, 1.7
# Data that end earlier before the instant of training were cut short.
LATEST_MS = 48 * HOUR_MS
# An export has moved where more than this share of its features has, of those that count: the rule by feature is that of the drift report.
MOST_MOVED = 0.25
# Rows of features that are looked at together: bounds the memory.
BATCH = 1 << 16


@dataclass(frozen=True)
class Check:
    """One answer: `passed`, `failed`, `skipped` where there is nothing to compare with, `accepted` where it failed and somebody said that it may."""

    name: str
    status: str
    value: Any
    bound: Any
    reason: str


@dataclass(frozen=True)
class Expected:
    """What an export has to fit: the features of the serving program, and where there are some, the run before and the champion's bundle."""

    until_ms: int
    feature_set: str
    columns: tuple[str, ...]
    previous: dict[str, int] | None = None
    champion: bundle.Bundle | None = None
    region: str | None = None


class ExportRefused(TrainingError):
    """Some check failed that nobody accepted; `report` has all of them."""

    def __init__(self, folder: Path, report: dict[str, Any]) -> None:
        self.report = report
        failed = [one for one in report["checks"] if one["status"] == "failed"]
        super().__init__(f"{folder} is refused: {'; '.join(one['name'] + ': ' + one['reason'] for one in failed)}")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--export", type=Path, required=True, metavar="DIR", help="folder of the training export")
    parser.add_argument("--until", type=int, required=True, metavar="MS", help="instant whose past is trained on, in ms since the epoch")
    parser.add_argument("--feature-set", required=True, metavar="ID", help="id of the feature set that serving reads")
    parser.add_argument("--columns", required=True, metavar="A,B", help="its features, in their order")
    parser.add_argument("--region", metavar="NAME", help="region that is trained for (default: that of the export)")
    parser.add_argument("--previous", type=Path, metavar="DIR", help="folder of the training run before, for the volume")
    parser.add_argument("--champion", type=Path, metavar="BUNDLE", help="bundle that decides today, for the drift")
    parser.add_argument("--accept", action="append", default=[], metavar="CHECK", help="let a check fail, such as `change` at the start of a term; it is recorded")


def run(arguments: argparse.Namespace, _progress: Callable[[str], None]) -> dict[str, Any]:
    return validated(Export(arguments.export), expected_of(arguments), tuple(arguments.accept))


def expected_of(arguments: argparse.Namespace) -> Expected:
    """What the arguments ask for. A run before, or a champion, that is named and cannot be read is an error."""
    return Expected(
        until_ms=arguments.until,
        feature_set=arguments.feature_set,
        columns=tuple(arguments.columns.split(",")),
        previous=None if arguments.previous is None else counts_before(arguments.previous),
        champion=None if arguments.champion is None else bundle.read(arguments.champion),
        region=arguments.region,
    )


def counts_before(folder: Path) -> dict[str, int]:
    path = folder / VALIDATION
    try:
        counts = json.loads(path.read_text(encoding="utf-8"))["counts"]
        return {name: int(counts[name]) for name in LEAST}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{folder} is no training run: {path.name} cannot be read ({error})") from error


def validated(export: Export, expected: Expected, accepted: tuple[str, ...] = ()) -> dict[str, Any]:
    """The report. @raise ExportRefused: a check failed, and is not among those accepted"""
    counts = counts_of(export, expected.until_ms)
    checks = [
        feature_set(export, expected),
        coverage(export, expected.until_ms),
        values(export),
        volume(counts),
        change(counts, expected.previous),
    ]
    # Columns of another feature set cannot be compared one by one.
    checks.append(drifted(export, expected) if checks[0].status == "passed" else skipped("drift", "the feature set is another one"))
    unknown = sorted(set(accepted) - {one.name for one in checks})
    if unknown:
        raise TrainingError(f"there is no check '{unknown[0]}' that could be accepted; there are {', '.join(one.name for one in checks)}")
    checks.append(region(export, expected))
    told = [{**asdict(one), "status": "accepted"} if one.status == "failed" and one.name in accepted else asdict(one) for one in checks]
    report = {"untilMs": expected.until_ms, "region": export.region, "counts": counts, "checks": told}
    if any(one["status"] == "failed" for one in told):
        raise ExportRefused(export.folder, report)
    return report


def counts_of(export: Export, until_ms: int) -> dict[str, int]:
    """How much there is from before an instant."""
    uses = export.interactions.before(until_ms)
    decisions = int((np.asarray(export.decisions.at) < until_ms).sum())
    return {"interactions": len(uses), "learners": len(np.unique(uses.learner)), "items": len(np.unique(uses.item)), "decisions": decisions}


def region(export: Export, expected: Expected) -> Check:
    """Models do not cross regions: neither the data that one learns from, nor the model that it is compared with."""
    wanted = expected.region or export.region
    champion = wanted if expected.champion is None else expected.champion.manifest["region"]
    if export.region != wanted:
        return Check("region", "failed", export.region, wanted, f"the export is of region {export.region}, and {wanted} is trained for")
    if champion != wanted:
        return Check("region", "failed", champion, wanted, f"the champion is of region {champion}, and {wanted} is trained for")
    return Check("region", "passed", export.region, wanted, "the region that is trained for")


def feature_set(export: Export, expected: Expected) -> Check:
    found = (export.feature_set["id"], tuple(columns_of(export)))
    if found == (expected.feature_set, expected.columns):
        return Check("feature-set", "passed", found[0], expected.feature_set, "the features of the serving program")
    differing = sorted(set(found[1]) ^ set(expected.columns))
    detail = f"; differing: {', '.join(differing)}" if differing else ""
    return Check("feature-set", "failed", found[0], expected.feature_set, f"the export has {found[0]}, serving reads {expected.feature_set}{detail}")


def coverage(export: Export, until_ms: int) -> Check:
    """Whether the export ends at the instant of training or later, and has data from shortly before."""
    hours = export.interactions.before(until_ms).hour
    last_ms = (int(hours[-1]) + 1) * HOUR_MS if len(hours) > 0 else None
    value = {"exportedUntilMs": export.until_ms, "lastInteractionMs": last_ms}
    if export.until_ms is not None and export.until_ms < until_ms:
        return Check("coverage", "failed", value, until_ms, f"the export ends at {export.until_ms}, before the instant of training {until_ms}")
    if last_ms is None or last_ms < until_ms - LATEST_MS:
        when = "there is no interaction" if last_ms is None else f"the last interaction is {(until_ms - last_ms) // HOUR_MS} hours"
        return Check("coverage", "failed", value, until_ms, f"{when} before the instant of training; at most {LATEST_MS // HOUR_MS} hours are allowed")
    return Check("coverage", "passed", value, until_ms, "data reach up to the instant of training")


def values(export: Export) -> Check:
    columns = columns_of(export)
    features = export.rows.features
    for start in range(0, len(features), BATCH):
        bad = ~np.isfinite(features[start : start + BATCH])
        if bad.any():
            names = [columns[n] for n in np.flatnonzero(bad.any(axis=0))]
            return Check("values", "failed", names, [], f"features that are no finite numbers: {', '.join(names)}")
    return Check("values", "passed", [], [], "every feature is a finite number")


def volume(counts: dict[str, int]) -> Check:
    few = [f"{counts[name]} {name}, at least {least} are needed" for name, least in LEAST.items() if counts[name] < least]
    return Check("volume", "failed" if few else "passed", counts, LEAST, "; ".join(few) or "there is enough of everything")


def change(counts: dict[str, int], previous: dict[str, int] | None) -> Check:
    """Against the run before. What it had nothing of may come from nothing."""
    if previous is None:
        return skipped("change", "there is no run before")
    shares = {name: counts[name] / previous[name] for name in LEAST if previous[name] > 0}
    wrong = [f"{counts[name]} {name} after {previous[name]}" for name, share in shares.items() if not LEAST_OF_BEFORE <= share <= MOST_OF_BEFORE]
    rounded = {name: round(share, 3) for name, share in shares.items()}
    reason = "; ".join(wrong) or "about as much as in the run before"
    return Check("change", "failed" if wrong else "passed", rounded, [LEAST_OF_BEFORE, MOST_OF_BEFORE], reason)


def drifted(export: Export, expected: Expected) -> Check:
    """Features of the last week that has decisions against the champion's reference."""
    if expected.champion is None:
        return skipped("drift", "there is no champion")
    if reference.REFERENCE not in expected.champion.files:
        return skipped("drift", f"the champion {expected.champion.manifest['version']} has no {reference.REFERENCE}")
    if (expected.champion.manifest["featureSet"] or {}).get("id") != export.feature_set["id"]:
        return skipped("drift", f"the champion {expected.champion.manifest['version']} reads other features")
    found = indexes(export, json.loads(expected.champion.files[reference.REFERENCE]), expected.until_ms)
    moved = {name: index for name, index in found.items() if index > MOST_PSI}
    share = len(moved) / max(1, len(found))
    reason = f"{len(moved)} of {len(found)} features have moved" + (f": {', '.join(moved)}" if moved else "")
    return Check("drift", "failed" if share > MOST_MOVED or not found else "passed", found, {"psi": MOST_PSI, "share": MOST_MOVED}, reason)


def indexes(export: Export, known: dict[str, Any], until_ms: int) -> dict[str, float]:
    """Population stability index of each feature that should stay; empty where there are no decisions to compare."""
    sample = reference.latest(export, export.decided_with_consent(), until_ms, compare.SEED)
    if len(sample.weights) == 0:
        return {}
    return {one["name"]: one["psi"] for one in compare.moved_inputs(export, known, sample) if is_counted(one["type"])}


def skipped(name: str, reason: str) -> Check:
    return Check(name, "skipped", None, None, reason)
