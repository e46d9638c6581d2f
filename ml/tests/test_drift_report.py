"""Drift reports: Evidently is real; without it (environment ``operations``) these tests are skipped, and say so."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import decisions
from decisions import COLUMNS, DAY_MS, START_MS, UNTIL_MS

pytest.importorskip("evidently", reason="Evidently is in the environment operations: npm run ml:setup -- operations", exc_type=ModuleNotFoundError)

from drift import rule, tables
from drift.__main__ import main
from drift.report import drawn
from skillforge_ml import bundle, ranker
from skillforge_ml.drift import edges_of, psi, shares_of
from skillforge_ml.export_reader import Export

ROOT = Path(__file__).parents[2]
TRAINED_MS = START_MS + 35 * DAY_MS
PERIOD = tables.Period(START_MS + 36 * DAY_MS, START_MS + 40 * DAY_MS)


@pytest.fixture(scope="module")
def steady(tmp_path_factory) -> Path:
    return decisions.write(tmp_path_factory.mktemp("drift") / "steady")


@pytest.fixture(scope="module")
def shifted(tmp_path_factory) -> Path:
    """From the day of the period on three of four features, and what learners do, are others; one of them is a duration."""
    export = decisions.logged()
    rows = np.repeat(export.decisions["at"] >= PERIOD.from_ms, export.decisions["rows"].astype(int))
    features = np.array(export.rows["features"], dtype=np.float32)
    features[rows, 1:] = features[rows, 1:] * 3 + 40
    export.rows["features"] = features
    first = PERIOD.from_ms // 3_600_000
    export.interactions = [(learner, hour + (12 if hour >= first else 0), item, course, events * (9 if hour >= first else 1)) for learner, hour, item, course, events in export.interactions]
    return decisions.write(tmp_path_factory.mktemp("drift") / "shifted", export)


@pytest.fixture(scope="module")
def trained(steady, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("drift") / "bundle"
    retrieval = bundle.Bundle({"region": "eu-west", "trainedUntilMs": 0, "metrics": {}, "libraries": {}}, {bundle.CARD: b"# No retrieval\n"})
    bundle.write(out, *ranker.train(Export(steady), retrieval, ranker.Choices(TRAINED_MS, trees=5), lambda _: None))
    return out


@pytest.fixture
def undrawn(monkeypatch):
    """What Evidently draws takes seconds a table, and the summary does not come from it: the test of what it draws has all tables."""
    monkeypatch.setattr("drift.report.write_report", lambda out, table: None)


def report(reference: Path, current: Path, out: Path, *more: str) -> int:
    return main(["report", "--reference", str(reference), "--current", str(current), "--from", str(PERIOD.from_ms), "--until", str(PERIOD.until_ms), "--out", str(out), *more])


def summary_in(out: Path) -> dict:
    return json.loads((out / "summary.json").read_text())


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("reference", ["bundle", "export"])
def test_a_period_like_the_reference_is_steady_and_another_one_is_not(reference, trained, steady, shifted, tmp_path):
    folder = trained if reference == "bundle" else steady
    assert report(folder, steady, tmp_path / "steady", "--fail-on-drift") == 0
    assert report(folder, shifted, tmp_path / "shifted", "--fail-on-drift") == 1
    assert report(folder, shifted, tmp_path / "shifted") == 0
    found = summary_in(tmp_path / "shifted")["tables"]["features"]
    assert found["status"] == "drifted"
    assert set(found["drifted"]) >= {"own_days", "noise"}


def test_every_table_is_told_as_html_and_json_of_evidently_whose_index_is_ours(trained, shifted, tmp_path):
    report(trained, shifted, tmp_path)
    told = summary_in(tmp_path)["tables"]
    assert set(told) == {"features", "scores", "uses", "feedback"}
    for name, table in told.items():
        assert "<html" in (tmp_path / f"{name}.html").read_text().lower()
        values = {
            metric["config"]["column"]: metric["value"]
            for metric in json.loads((tmp_path / f"{name}.json").read_text())["metrics"]
            if metric["metric_name"].startswith("ValueDrift")
        }
        assert set(values) == {column["name"] for column in table["columns"]}
        for column in table["columns"]:
            # Where one side has nothing in a bin both put something else for nothing: both are far above any bound then.
            if column["psi"] < 1:
                assert values[column["name"]] == pytest.approx(column["psi"], abs=0.05)
            else:
                assert values[column["name"]] > 1


@pytest.mark.usefixtures("undrawn")
def test_the_same_arguments_give_the_same_summary(trained, steady, tmp_path):
    report(trained, steady, tmp_path / "one")
    report(trained, steady, tmp_path / "two")
    assert summary_in(tmp_path / "one") == summary_in(tmp_path / "two")


@pytest.mark.usefixtures("undrawn")
def test_a_period_of_few_rows_tells_nothing(trained, shifted, tmp_path, monkeypatch):
    monkeypatch.setattr("drift.report.FEWEST_ROWS", 10**9)
    assert report(trained, shifted, tmp_path, "--fail-on-drift") == 0
    assert summary_in(tmp_path)["status"] == "unknown"


def test_what_cannot_be_compared_is_said_in_one_line(steady, tmp_path, capsys):
    assert report(tmp_path / "nowhere", steady, tmp_path / "out") == 3
    assert re.fullmatch(r"error: .*nowhere is no training export.*\n", capsys.readouterr().err)
    assert main(["report", "--reference", str(steady), "--current", str(steady), "--from", "5", "--until", "5", "--out", str(tmp_path / "out")]) == 3
    assert "--from 5 must lie before --until 5" in capsys.readouterr().err


def test_a_weight_counts_for_so_many_rows():
    values = np.array([1.0, 2.0, 3.0])
    weights = np.array([1.0, 2.0, 5.0])
    assert shares_of(values, np.array([1.0, 2.0]), weights).tolist() == [0.125, 0.25, 0.625]
    assert edges_of(values, weights).tolist() == edges_of(np.repeat(values, [1, 2, 5]), np.ones(8)).tolist()


def test_feedback_is_of_decisions_whose_week_is_over(steady):
    export = Export(steady)
    found = tables.followed(export, PERIOD.earlier(7 * DAY_MS), PERIOD.until_ms)
    at = np.asarray(export.decisions.at)
    assert len(found["used_of_next"]) == ((at >= PERIOD.from_ms - 7 * DAY_MS) & (at < PERIOD.until_ms - 7 * DAY_MS)).sum()
    assert tables.followed(export, PERIOD, PERIOD.until_ms)["used_of_next"].size == 0


def test_what_is_drawn_has_the_shares():
    column = tables.Column("one", None, np.array([1.0, 2.0]), np.array([0.2, 0.3, 0.5]), np.array([0.0, 0.0, 1.0]))
    names, counts = np.unique(drawn(column, column.expected), return_counts=True)
    assert names.tolist() == ["00: to 1", "01: over 1 to 2", "02: over 2"]
    assert counts.tolist() == [2_000, 3_000, 5_000]
    assert column.psi == pytest.approx(psi(column.expected, column.found))


def test_durations_are_told_and_do_not_count():
    kinds = ["duration", "count", "ratio", "rank", None]
    assert rule.verdict([9.0, 0.26, 0.26, 0, 0], kinds) == rule.Verdict([1, 2], 4, False)
    assert rule.verdict([0, 0.26, 0.26, 0.26, 0], kinds) == rule.Verdict([1, 2, 3], 4, True)


def test_the_rule_is_that_of_the_stream():
    text = (ROOT / "runtime" / "observability" / "drift" / "rule.ts").read_text()
    told = {name: float(value.replace("_", "")) for name, value in re.findall(r"^  (\w+): ([\d._]+),$", text, re.MULTILINE)}
    assert told == {"mostPsi": rule.MOST_PSI, "mostShare": rule.MOST_SHARE, "fewestRows": rule.FEWEST_ROWS}
