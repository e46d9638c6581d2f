import decisions
import lightgbm
import numpy as np
import onnxruntime
import pytest

from skillforge_ml import examples, lambdarank, parity, reference, trees
from skillforge_ml.drift import shares_of
from skillforge_ml.examples import LISTS
from skillforge_ml.export_reader import Export
from skillforge_ml.labels import label
from skillforge_ml.onnx_export import onnx_bytes


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    return Export(decisions.write(tmp_path_factory.mktemp("parity") / "export"))


@pytest.fixture(scope="module")
def boosters(export):
    labels, everyone = label(export, decisions.UNTIL_MS), np.ones(len(export.decisions), dtype=bool)
    return {name: lambdarank.fit(examples.examples(export, labels, everyone, name), decisions.COLUMNS, 15, seed=1) for name in LISTS}


@pytest.fixture(scope="module")
def sample(export):
    return reference.latest(export, np.ones(len(export.decisions), dtype=bool), decisions.UNTIL_MS, seed=1)


def parity_of(sample, boosters, seed=1):
    return parity.document(sample, boosters, seed)


def test_rows_of_parity_have_the_scores_of_lightgbm_which_onnx_gives_too(sample, boosters):
    found = parity_of(sample, boosters)
    rows = np.array(found["features"], dtype=np.float32)
    assert rows.shape == (parity.ROWS, len(decisions.COLUMNS))
    assert rows.tolist() == found["features"]
    for name, booster in boosters.items():
        session = onnxruntime.InferenceSession(onnx_bytes(trees.trees_of(booster), rows.shape[1]), providers=["CPUExecutionProvider"])
        np.testing.assert_allclose(session.run(["score"], {"features": rows})[0].reshape(-1), found[name], atol=1e-5)
        assert len(set(found[name])) > 10


def test_values_of_parity_are_deciles_and_thresholds_and_the_numbers_above(sample, boosters):
    split = [tree for booster in boosters.values() for tree in trees.trees_of(booster)]
    rows = np.array(parity_of(sample, boosters)["features"], dtype=np.float32)
    for n, column in enumerate(rows.T):
        limits = parity.thresholds(split, n)
        known = parity.values_near(parity.edges_of(sample.features[:, n], sample.weights), limits)
        assert np.isin(column, known).all()
        assert len(limits) == 0 or np.isin(column, parity.values_near(limits[:0], limits)).any()


def test_numbers_that_lightgbm_takes_for_zero_stand_in_no_row():
    column = np.repeat([-1, 0, 1], 100).astype(np.float32)[:, None]
    options = {"objective": "regression", "min_data_in_leaf": 5, "use_missing": False, "num_threads": 1, "verbosity": -1}
    booster = lightgbm.train(options, lightgbm.Dataset(column, np.repeat([1.0, 5.0, 2.0], 100)), 5)
    plain = trees.trees_of(booster)
    assert {-parity.ZERO, parity.ZERO} <= set(parity.thresholds(plain, 0).tolist())
    found = parity.document(reference.Sample(column, np.ones(300)), {"next": booster}, seed=1)
    rows = np.array(found["features"], dtype=np.float32)
    assert {-1, 0, 1} < set(rows[:, 0].tolist())
    session = onnxruntime.InferenceSession(onnx_bytes(plain, 1), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(["score"], {"features": rows})[0].reshape(-1), found["next"], atol=1e-5)


def test_the_same_seed_gives_the_same_rows_and_another_one_others(sample, boosters):
    assert parity_of(sample, boosters) == parity_of(sample, boosters)
    assert parity_of(sample, boosters)["features"] != parity_of(sample, boosters, seed=2)["features"]


def test_a_reference_has_the_shares_of_each_feature_and_score(sample, boosters):
    scores = {name: booster.predict(sample.features).astype(np.float32) for name, booster in boosters.items()}
    found = reference.document(decisions.COLUMNS, sample, scores)
    assert [one["name"] for one in found["features"]] == decisions.COLUMNS
    assert (found["rows"], set(found["scores"])) == (len(sample.features), set(LISTS))
    for n, one in enumerate(found["features"]):
        assert one["shares"] == shares_of(sample.features[:, n], np.array(one["edges"]), sample.weights).tolist()
    for name, one in found["scores"].items():
        assert one["shares"] == shares_of(scores[name], np.array(one["edges"]), sample.weights).tolist()
    for one in [*found["features"], *found["scores"].values()]:
        assert one["edges"] == sorted(set(one["edges"])) and len(one["shares"]) == len(one["edges"]) + 1
        assert sum(one["shares"]) == pytest.approx(1)


def test_a_reference_is_of_the_last_week_before_the_instant_of_training(export):
    everyone = np.ones(len(export.decisions), dtype=bool)
    until = decisions.START_MS + 20 * decisions.DAY_MS
    week = (export.decisions.at < until) & (export.decisions.at >= until - 7 * decisions.DAY_MS)
    found = reference.latest(export, everyone, until, seed=1)
    np.testing.assert_array_equal(found.features, reference.sample_of(export, week).features)
    assert len(found.features) == 7 * 24 * 30
