"""The training pipeline as a whole, without MLflow: test/scripts/ml/trainingRun.test.ts has it with a real one."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest

import decisions
from decisions import COLUMNS, UNTIL_MS
from exports import DAY_MS
from skillforge_ml import bundle
from skillforge_ml.errors import TrainingError
from train import training_run
from train.__main__ import main
from train.card import PARTS, card, own_card

# Decisions of the last three days have a week of uses after the instant of training.
TRAINED_UNTIL = UNTIL_MS - 10 * DAY_MS


def words(export, out, *more):
    told = ["--until", str(TRAINED_UNTIL), "--feature-set", "item-features:test", "--columns", ",".join(COLUMNS)]
    return ["run", "--export", str(export), "--out", str(out), *told, "--trees", "8", *more]


def run(export, out, *more):
    """What ``python -m train run`` does, without the seconds that another process takes to load: the exit code, the document, and the last line of standard error."""
    printed, said = io.StringIO(), io.StringIO()
    with redirect_stdout(printed), redirect_stderr(said):
        code = main(words(export, out, *more))
    return code, json.loads(printed.getvalue() or "null"), said.getvalue().rstrip().split("\n")[-1]


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    return decisions.write(tmp_path_factory.mktemp("pipeline") / "export")


@pytest.fixture(scope="module")
def first(export, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "first"
    done = subprocess.run([sys.executable, "-m", "train", *words(export, out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def test_a_run_leaves_a_whole_bundle_and_its_reports(first):
    out, document = first
    done = training_run.read(out)
    assert done.tags() == document["tags"]
    assert done.manifest["version"] == document["version"]
    assert document["tags"]["sha256"] == (out / "bundle" / bundle.MANIFEST_DIGEST).read_text().split()[0]
    assert document["registered"] is None
    assert sorted(path.name for path in out.iterdir()) == ["bundle", "evaluation.json", "model-card.md", "retrieval", "training.json", "validation.json"]


def test_the_bundle_is_measured_on_decisions_after_training(first):
    after = first[1]["evaluation"]["after"]
    for name in ("next", "new"):
        assert after[name]["decisions"] > 20
        assert 0.2 < after[name]["ndcg@10"] <= 1
        assert after[name]["shown"] is not None


def test_a_repeated_run_has_the_same_bundle_and_replaces_the_folder(export, first):
    out, document = first
    code, again, last = run(export, out, "--previous", str(out))
    assert code == 0, last
    assert again["tags"] == document["tags"]
    assert next(one for one in again["validation"]["checks"] if one["name"] == "change")["status"] == "passed"
    assert not out.with_name("first.partial").exists()


def test_the_card_has_every_part_and_what_the_run_adds(first):
    out, document = first
    text = (out / "model-card.md").read_text(encoding="utf-8")
    for part in (*PARTS, "This version", "Checks of the data", "Quality after training"):
        assert f"\n## {part}\n" in text
    assert f"`ranker@{document['version']}`" in text
    assert f"| NDCG@10 | {document['evaluation']['after']['next']['ndcg@10']} |" in text


@pytest.mark.parametrize("part", PARTS)
def test_a_card_that_lacks_a_part_is_refused(first, part):
    found = bundle.read(first[0] / "bundle")
    files = {**found.files, bundle.CARD: found.files[bundle.CARD].replace(f"\n## {part}\n".encode(), b"\n")}
    with pytest.raises(TrainingError, match=part):
        own_card(bundle.Bundle(found.manifest, files))


def test_a_card_says_where_nothing_could_be_measured(first):
    out, document = first
    nothing = {**document["evaluation"], "after": {"next": None, "new": None}}
    assert "not measured" in card(bundle.read(out / "bundle"), document["validation"], nothing)


def test_refused_data_train_nothing_and_say_so(export, tmp_path):
    code, report, last = run(export, tmp_path / "never", "--columns", "other")
    assert code == 3
    assert last.startswith("error: ") and "feature-set" in last
    assert [one["name"] for one in report["checks"] if one["status"] == "failed"] == ["feature-set"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_something_else_is_left_alone(export, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    code, _, last = run(export, tmp_path / "mine")
    assert code == 1
    assert "is no training run" in last
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_a_run_before_that_cannot_be_read_is_an_error(export, tmp_path):
    code, _, last = run(export, tmp_path / "out", "--previous", str(tmp_path))
    assert code == 1
    assert "validation.json cannot be read" in last
