import json

import decisions
import numpy as np
import onnxruntime
import pytest

import ranker_fixtures
from skillforge_ml import bundle, examples, lambdarank, ranker, trees
from skillforge_ml.__main__ import main
from skillforge_ml.export_reader import Export
from skillforge_ml.labels import label
from skillforge_ml.metrics import mean_ndcg
from skillforge_ml.onnx_export import onnx_bytes


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with an export and a bundle of retrieval."""
    folder = tmp_path_factory.mktemp("ranker")
    decisions.write(folder / "export")
    retrieval = bundle.Description("retrieval", "eu-west", decisions.START_MS, decisions.UNTIL_MS, "sha256:0")
    bundle.write(folder / "retrieval", {bundle.CARD: b"# What retrieval learnt\n", "covisits.json": b"{}\n"}, retrieval)
    return folder


def command(place, out, *more, until=decisions.UNTIL_MS):
    paths = ["--export", str(place / "export"), "--retrieval", str(place / "retrieval"), "--out", str(out)]
    return main(["ranker", *paths, "--until", str(until), *more])


@pytest.fixture(scope="module")
def trained(place):
    assert command(place, place / "trained") == 0
    return bundle.read(place / "trained")


def onnx_scores(content, rows):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(["score"], {"features": rows})[0].reshape(-1)


def test_the_bundle_holds_both_rankers_beside_what_retrieval_learnt(trained):
    rankers = {f"{kind}-{name}" for name in ("next", "new") for kind in ("ranker", "trees")}
    assert {name.split(".")[0] for name in trained.files} == rankers | {"covisits", "model-card", "parity", "reference"}
    assert trained.manifest["featureSet"] == {"id": "item-features:test", "columns": decisions.COLUMNS}
    card = trained.files[bundle.CARD].decode()
    assert "# Rankers of two lists" in card and "# What retrieval learnt" in card
    assert "learner-1" not in json.dumps(trained.manifest) + card


def test_it_beats_popularity_on_later_decisions(trained):
    for name in ("next", "new"):
        metrics = trained.manifest["metrics"][name]
        assert metrics["heldOut"] > 100 and metrics["ndcg@10"] > metrics["popularity"]


def test_the_same_export_has_the_same_digest_and_another_seed_another(place, trained, tmp_path):
    assert command(place, tmp_path / "again") == 0
    assert bundle.read(tmp_path / "again").manifest == trained.manifest
    assert command(place, tmp_path / "other", "--seed", "2") == 0
    assert bundle.read(tmp_path / "other").manifest["version"] != trained.manifest["version"]


def test_features_that_mean_nothing_make_a_ranker_that_loses(place, trained, tmp_path):
    assert command(place, tmp_path / "shuffled", "--shuffle") == 0
    shuffled = bundle.read(tmp_path / "shuffled").manifest["metrics"]
    for name in ("next", "new"):
        assert shuffled[name]["ndcg@10"] < shuffled[name]["popularity"] < trained.manifest["metrics"][name]["ndcg@10"]


def test_a_dropped_feature_is_in_no_tree(place, trained, tmp_path):
    dropped = decisions.COLUMNS.index("cohort_events_7d")
    assert command(place, tmp_path / "dropped", "--drop-features", "cohort_events_7d,noise", "--trees", "40") == 0
    assert dropped in features_of(trained.files)
    assert not {dropped, decisions.COLUMNS.index("noise")} & features_of(bundle.read(tmp_path / "dropped").files)


def features_of(files):
    return {feature for name in ("next", "new") for tree in json.loads(files[f"trees-{name}.json"])["trees"] for feature in tree["feature"]}


def test_events_after_the_instant_of_training_change_no_byte_of_a_ranker(place, tmp_path):
    until = decisions.UNTIL_MS - 10 * decisions.DAY_MS
    later = decisions.logged()
    later.interactions = [use for use in later.interactions if use[1] * 3_600_000 < until]
    decisions.write(tmp_path / "export", later)
    for folder in (place, tmp_path):
        bundle.write(folder / "earlier", {bundle.CARD: b"#\n"}, bundle.Description("retrieval", "eu-west", 0, until, "sha256:0"))
        paths = ["--export", str(folder / "export"), "--retrieval", str(folder / "earlier"), "--out", str(folder / "by-then")]
        assert main(["ranker", *paths, "--until", str(until)]) == 0
    whole, cut = (bundle.read(folder / "by-then").files for folder in (place, tmp_path))
    assert all(whole[name] == cut[name] for name in whole if name != bundle.CARD)


@pytest.mark.parametrize("name", ["next", "new"])
def test_onnx_and_trees_score_as_lightgbm_does_also_at_thresholds(place, name):
    export = Export(place / "export")
    found = examples.examples(export, label(export, decisions.UNTIL_MS), np.ones(len(export.decisions), dtype=bool), name)
    booster = lambdarank.fit(found, decisions.COLUMNS, 40, seed=1)
    plain = trees.trees_of(booster)
    rows = np.concatenate([found.features[:200], ranker_fixtures.at_thresholds(booster, found.features[0])])
    expected = booster.predict(rows)
    np.testing.assert_allclose(onnx_scores(onnx_bytes(plain, len(decisions.COLUMNS)), rows), expected, atol=1e-5)
    np.testing.assert_allclose(trees.score(plain, rows), expected, atol=1e-5)


def test_a_directed_ranker_does_not_learn_that_less_use_by_the_cohort_is_worth_more():
    """In these weeks everybody opened next what nobody had used: true of them, and of no item that is unused later."""
    names = ["cohort_events_7d", "cohort_event_rank_7d", "cohort_age", "noise"]
    random = np.random.default_rng(4)
    groups, size = 300, 20
    use = random.integers(0, 9, groups * size).astype(np.float32)
    features = np.stack([use, 1 - use / 9, np.repeat(random.integers(0, 60, groups), size), random.random(groups * size)], axis=-1).astype(np.float32)
    found = examples.Examples(features, use == 0, np.full(groups, size), np.arange(groups) * 3_600_000.0, np.arange(groups * size), np.arange(groups))
    more, less = ([n, 1 - n / 9, 30, 0.5] for n in (8, 0))
    assert np.diff(lambdarank.fit(found, names, 40, 1, True).predict(np.array([less, more]))) >= 0
    assert np.diff(lambdarank.fit(found, names, 40, 1).predict(np.array([less, more]))) < 0
    assert ranker.DIRECTED == ("new",)
    assert lambdarank.directions(["cohort_uptake_7d", "cohort_learner_days_1d", "cohort_new_share_7d", "cohort_learner_rank_3d"]) == [1, 1, 1, -1]
    assert lambdarank.directions(["cohort_penetration", "cohort_item_age", "cohort_event_rise_1d", "own_days_7d", "opened"]) == [0] * 5


def test_what_serving_is_compared_with_is_what_training_makes():
    """Scores up to what processors differ in: `python ml/tests/ranker_fixtures.py` writes it again."""
    files, description, parity = ranker_fixtures.make()
    found = bundle.read(ranker_fixtures.FOLDER / "bundle")
    expected = json.loads((ranker_fixtures.FOLDER / "parity.json").read_text(encoding="utf-8"))
    assert (set(found.files), found.manifest["featureSet"]) == (set(files), description.feature_set)
    for name in ("features", "next", "new"):
        np.testing.assert_allclose(expected[name], parity[name], atol=1e-3)


def test_a_threshold_is_rounded_to_the_greatest_float32_that_is_not_above_it():
    for threshold in (0.1, 0.30000000000000004, -0.1, 1e-35, 5.0, 16777217.0):
        rounded = trees.float32_at_most(threshold)
        assert float(rounded) <= threshold < float(np.nextafter(rounded, np.float32(np.inf)))


def test_contributions_of_a_path_make_the_score(trained):
    export_trees = json.loads(trained.files["trees-next.json"])
    row = np.array([0, 12, 0, 0.5], dtype=np.float32)
    total = export_trees["bias"]
    for tree in (trees.Tree(one["feature"], one["threshold"], one["left"], one["right"], one["value"]) for one in export_trees["trees"]):
        nodes = trees.path(tree, row)
        total += tree.value[0] + sum(tree.value[child] - tree.value[node] for node, child in zip(nodes, nodes[1:]))
    assert total == pytest.approx(onnx_scores(trained.files["ranker-next.onnx"], row[None])[0], abs=1e-5)


@pytest.mark.parametrize(
    ("more", "until", "message"),
    [
        (["--drop-features", "nothing"], decisions.UNTIL_MS, "has no feature 'nothing'"),
        ([], decisions.START_MS, "the retrieval bundle saw events up to"),
        ([], decisions.UNTIL_MS, "is there already"),
    ],
)
def test_what_the_caller_can_mend_is_one_line(place, trained, tmp_path, capsys, more, until, message):
    out = place / "trained" if message == "is there already" else tmp_path / "out"
    assert command(place, out, *more, until=until) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ") and message in error


def test_without_a_decision_whose_week_has_ended_nothing_is_learnt(place, tmp_path, capsys):
    until = decisions.START_MS + 5 * decisions.DAY_MS
    bundle.write(tmp_path / "retrieval", {bundle.CARD: b"#\n"}, bundle.Description("retrieval", "eu-west", 0, 0, "sha256:0"))
    paths = ["--export", str(place / "export"), "--retrieval", str(tmp_path / "retrieval"), "--out", str(tmp_path / "out")]
    assert main(["ranker", *paths, "--until", str(until)]) == 1
    assert "no decision" in capsys.readouterr().err


def test_groups_are_whole_when_the_metric_counts_them(place):
    export = Export(place / "export")
    found = examples.examples(export, label(export, decisions.UNTIL_MS), np.ones(len(export.decisions), dtype=bool), "new")
    assert found.sizes.sum() == len(found.positive)
    assert (found.features[:, 0] == 0).all()
    assert mean_ndcg(found.positive.astype(float), found.positive, found.sizes) == 1
