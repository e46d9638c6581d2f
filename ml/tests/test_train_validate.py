"""What the training pipeline refuses to learn from."""

import json
from dataclasses import replace

import numpy as np
import pytest

import decisions
from decisions import COLUMNS, UNTIL_MS
from exports import DAY_MS
from skillforge_ml import bundle, ranker
from skillforge_ml.errors import TrainingError
from skillforge_ml.export_reader import Export
from train.validate import LEAST, Expected, ExportRefused, validated

EXPECTED = Expected(UNTIL_MS, "item-features:test", tuple(COLUMNS))


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    return Export(decisions.write(tmp_path_factory.mktemp("validate") / "export"))


@pytest.fixture(scope="module")
def champion(export):
    """A bundle that was trained on the same days."""
    retrieval = bundle.Bundle({"region": "eu-west", "trainedUntilMs": 0, "metrics": {}, "libraries": {}}, {bundle.CARD: b"# No retrieval\n"})
    files, description = ranker.train(export, retrieval, ranker.Choices(UNTIL_MS, trees=5), lambda _: None)
    return bundle.Bundle({"version": "0123456789ab", "region": "eu-west", "featureSet": description.feature_set}, files)


def status_of(report, name):
    return next(one["status"] for one in report["checks"] if one["name"] == name)


def refusal(export, expected, name):
    """The reason for which a check refuses an export, and which is the only one."""
    with pytest.raises(ExportRefused) as raised:
        validated(export, expected)
    failed = {one["name"]: one["reason"] for one in raised.value.report["checks"] if one["status"] == "failed"}
    assert list(failed) == [name]
    assert failed[name] in str(raised.value)
    return failed[name]


def test_a_sound_export_passes_and_says_what_could_not_be_compared(export):
    report = validated(export, EXPECTED)
    assert {one["name"]: one["status"] for one in report["checks"]} == {
        "feature-set": "passed",
        "coverage": "passed",
        "values": "passed",
        "volume": "passed",
        "change": "skipped",
        "drift": "skipped",
        "region": "passed",
    }
    assert report["counts"]["decisions"] == len(export.decisions)


@pytest.mark.parametrize(
    "expected", [replace(EXPECTED, feature_set="item-features:other"), replace(EXPECTED, columns=(*COLUMNS[:-1], "later")), replace(EXPECTED, columns=tuple(COLUMNS[::-1]))]
)
def test_other_features_than_those_of_serving_are_refused(export, expected):
    refusal(export, expected, "feature-set")


def test_an_export_of_another_region_is_refused_whatever_is_accepted(export):
    elsewhere = replace(EXPECTED, region="us-east")
    assert "of region eu-west, and us-east is trained for" in refusal(export, elsewhere, "region")
    with pytest.raises(TrainingError, match="no check 'region'"):
        validated(export, elsewhere, ("region",))


def test_a_champion_of_another_region_is_refused(export, champion):
    foreign = bundle.Bundle({**champion.manifest, "region": "us-east"}, champion.files)
    assert "champion is of region us-east" in refusal(export, replace(EXPECTED, champion=foreign), "region")


def test_an_export_that_ends_before_the_instant_of_training_is_refused(tmp_path):
    short = replace(decisions.logged(), until_ms=UNTIL_MS - DAY_MS)
    assert "before the instant of training" in refusal(Export(decisions.write(tmp_path / "short", short)), EXPECTED, "coverage")


def test_data_that_stop_days_before_the_instant_of_training_are_refused(export):
    assert "72 hours" in refusal(export, replace(EXPECTED, until_ms=UNTIL_MS + 3 * DAY_MS - 14 * 3_600_000), "coverage")


def test_features_that_are_no_numbers_are_refused_by_name(tmp_path):
    broken = decisions.logged()
    broken.rows["features"][123, 2] = np.nan
    assert refusal(Export(decisions.write(tmp_path / "broken", broken)), EXPECTED, "values").endswith(COLUMNS[2])


def test_too_little_is_refused(tmp_path):
    few = Export(decisions.write(tmp_path / "few", decisions.logged(learners=LEAST["learners"] - 1)))
    assert f"at least {LEAST['learners']}" in refusal(few, EXPECTED, "volume")


@pytest.mark.parametrize("share", [0.5, 2])
def test_half_or_double_of_the_run_before_is_refused(export, share):
    counts = validated(export, EXPECTED)["counts"]
    before = {name: count if name != "interactions" else int(count * share) for name, count in counts.items()}
    assert "interactions after" in refusal(export, replace(EXPECTED, previous=before), "change")


def test_what_somebody_accepted_is_kept_as_accepted(export):
    counts = validated(export, EXPECTED)["counts"]
    doubled = replace(EXPECTED, previous={name: count // 2 for name, count in counts.items()})
    assert status_of(validated(export, doubled, ("change",)), "change") == "accepted"
    with pytest.raises(TrainingError, match="no check 'changes'"):
        validated(export, doubled, ("changes",))


def test_the_days_that_the_champion_learnt_from_have_not_moved(export, champion):
    report = validated(export, replace(EXPECTED, champion=champion))
    assert status_of(report, "drift") == "passed"
    drift = next(one for one in report["checks"] if one["name"] == "drift")
    assert set(drift["value"]) == set(COLUMNS)
    assert max(drift["value"].values()) < 0.01


def test_features_that_have_moved_are_refused(tmp_path, champion):
    moved = decisions.logged()
    moved.rows["features"][:, [1, 3]] += 40
    reason = refusal(Export(decisions.write(tmp_path / "moved", moved)), replace(EXPECTED, champion=champion), "drift")
    assert reason == f"2 of 4 features have moved: {COLUMNS[1]}, {COLUMNS[3]}"


def test_features_of_the_calendar_may_move(tmp_path, champion):
    moved = decisions.logged()
    moved.rows["features"][:, [1, 3]] += 40
    moved.columns[1]["type"] = moved.columns[3]["type"] = "duration"
    report = validated(Export(decisions.write(tmp_path / "calendar", moved)), replace(EXPECTED, champion=champion))
    assert status_of(report, "drift") == "passed"


def test_a_champion_without_reference_is_not_compared(export, champion):
    files = {name: content for name, content in champion.files.items() if name != "reference.json"}
    report = validated(export, replace(EXPECTED, champion=bundle.Bundle(champion.manifest, files)))
    assert status_of(report, "drift") == "skipped"
    json.dumps(report, allow_nan=False)
