"""
Writes the fixture that serving of trained rankers is compared with: a small bundle, rows, and the scores that LightGBM itself gives them.
In an environment of `npm run ml:setup`: `python ml/tests/ranker_fixtures.py`. A test sees that serving's fixture is what training makes.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from unittest import mock

import lightgbm
import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import decisions
from skillforge_ml import bundle, lambdarank, ranker
from skillforge_ml.examples import LISTS
from skillforge_ml.export_reader import Export

FOLDER = Path(__file__).parents[2] / "test" / "runtime" / "models" / "fixtures" / "trained"
TREES = 12
ROWS = 300


def make() -> tuple[dict[str, bytes], bundle.Description, dict]:
    """The files of the bundle, its description, and rows with their scores by list."""
    boosters: list[lightgbm.Booster] = []
    fit = lambdarank.fit

    def remembered(*arguments) -> lightgbm.Booster:
        boosters.append(fit(*arguments))
        return boosters[-1]

    with tempfile.TemporaryDirectory() as scratch, mock.patch.object(lambdarank, "TRIED", (TREES,)), mock.patch.object(lambdarank, "fit", remembered):
        export = Export(decisions.write(Path(scratch) / "export"))
        retrieval = bundle.Bundle({"region": "eu-west", "trainedUntilMs": 0, "metrics": {}, "libraries": {}}, {bundle.CARD: b"# No retrieval\n"})
        files, description = ranker.train(export, retrieval, ranker.Choices(decisions.UNTIL_MS), lambda _: None)
        rows = np.random.default_rng(1).choice(len(export.rows), ROWS, replace=False)
        features = np.array(export.rows.features[rows])
    final = dict(zip(LISTS, boosters[1::2], strict=True))  # the one before each chose the number of trees
    features = np.concatenate([features, *(at_thresholds(booster, features[0])[:100] for booster in final.values())])
    return files, description, {"features": features.tolist(), **{name: booster.predict(features).tolist() for name, booster in final.items()}}


def at_thresholds(booster: lightgbm.Booster, row: np.ndarray) -> np.ndarray:
    """Rows with a feature at the float32 nearest to a threshold in double, and at both its neighbours."""
    rows = []
    for feature, threshold in splits_of(booster):
        near = np.float32(threshold)
        for value in (near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))):
            rows.append(row.copy())
            rows[-1][feature] = value
    return np.array(rows, dtype=np.float32)


def splits_of(booster: lightgbm.Booster) -> list[tuple[int, float]]:
    waiting = [one["tree_structure"] for one in booster.dump_model()["tree_info"]]
    found = []
    while waiting:
        node = waiting.pop()
        if "split_feature" in node:
            found.append((node["split_feature"], node["threshold"]))
            waiting += [node["left_child"], node["right_child"]]
    return found


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    files, description, parity = make()
    bundle.write(FOLDER / "bundle", files, description)
    (FOLDER / "parity.json").write_text(json.dumps(parity, separators=(",", ":")) + "\n", encoding="utf-8")
