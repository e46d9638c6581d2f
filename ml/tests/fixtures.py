"""
Writes the fixture that serving is compared with: a small bundle, and what the trainer itself computes with it.
In an environment of `npm run ml:setup`: `python ml/tests/fixtures.py`. A test sees that the fixture is up to date.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import exports
from skillforge_ml import als, bundle, embeddings, segments
from skillforge_ml.export_reader import Export
from skillforge_ml.retrieval import Choices, train

FOLDER = Path(__file__).parents[2] / "test" / "runtime" / "models" / "fixtures" / "retrieval"

TEXTS = [
    exports.item("b-quiz-3", "Quiz: topic 3", "quiz", difficulty=0.30000000000000004),
    exports.item("new-1", "Quiz on reading: Topic 4, part 12", "quiz", difficulty=0.95),
    exports.item("new-2", "READING ABOUT TOPICS", "page", skills=["unknown skill"]),
    exports.item("new-3", "Ｔopic\u00a0№ 5 — E\u0301tude über हिन्दी 😀", "forum", difficulty=1),
    exports.item("new-4", "", "page", difficulty=0),
    exports.item("new-5", "ж", "ж"),
]
# Weights of uses by item: of a learner of course A, of one of course B, of one who did nothing.
USES = [("A", {"a-page-0": 1.0, "a-page-3": 2.5, "a-quiz-1": 0.125}), ("B", {"b-quiz-0": 3.75, "b-quiz-1": 1, "b-quiz-5": 0.2}), ("A", {})]


def make() -> tuple[dict[str, bytes], bundle.Description, dict]:
    """The files of the bundle, its description, and what the trainer computes with it."""
    with tempfile.TemporaryDirectory() as scratch:
        export = Export(exports.write(Path(scratch) / "export", exports.school()))
        files, description = train(export, Choices(exports.UNTIL_MS, dimensions=4), lambda _: None)
        learned = {"foldIn": fold_ins(files), "embeddings": points(files), "segments": assigned(export, files)}
    return files, description, learned


def fold_ins(files: dict[str, bytes]) -> list[dict]:
    head = json.loads(files["item-factors.json"])
    matrix = np.frombuffer(files["item-factors.f32"], dtype="<f4").reshape(-1, head["dimensions"])
    rows, first = {}, 0
    for one in head["courses"]:
        rows[one["course"]] = (one["items"], matrix[first : first + len(one["items"])])
        first += len(one["items"])
    found = []
    for course, used in USES:
        items, factors = rows[course]
        weights = csr_matrix([[used.get(item, 0.0) for item in items]])
        learner = als.fold_in(factors, weights)[0]
        scores = factors.astype(np.float64) @ learner
        found.append({"course": course, "uses": used, "learner": learner.tolist(), "scores": dict(zip(items, scores.tolist(), strict=True))})
    return found


def points(files: dict[str, bytes]) -> list[dict]:
    head = json.loads(files["embeddings.json"])
    projection = np.frombuffer(files["projection.f32"], dtype="<f4").reshape(head["buckets"], head["dimensions"])
    embedder = embeddings.Embedder(np.frombuffer(files["idf.f32"], dtype="<f4"), projection)
    return [{"item": item, "vector": vector.tolist()} for item, vector in zip(TEXTS, embedder.vectors(TEXTS), strict=True)]


def assigned(export: Export, files: dict[str, bytes]) -> list[dict]:
    """Learners of both kinds: their attributes, the values of their features by name, and the segment."""
    model = json.loads(files["segments.json"])
    names = [feature["name"] for feature in model["features"]]
    means, scales = (np.array([feature[part] for feature in model["features"]]) for part in ("mean", "scale"))
    consenting, attributes = export.consents
    chosen = [1, 2, len(consenting) - 2, len(consenting) - 1]
    learners = segments.Learners(np.array(chosen), [attributes[n] for n in chosen])
    kinds = [name.split("-")[1] for name in export.items]
    table = segments.joined(segments.attribute_table(learners, model["attributes"]), segments.early_table(learners, export.interactions, kinds, model["kinds"]))
    values = table.values[:, [table.names.index(name) for name in names]]
    found = segments.nearest((values - means) / scales, np.array(model["centroids"]))[0]
    uses = [export.interactions.taken(np.flatnonzero(export.interactions.learner == n)) for n in chosen]
    return [
        {
            "attributes": attributes[n],
            "uses": [{"hourStartMs": int(h) * 3_600_000, "item": export.items[i], "kind": kinds[i], "events": int(e)} for h, i, e in zip(one.hour, one.item, one.events)],
            "values": dict(zip(names, row.tolist(), strict=True)),
            "segment": model["names"][segment],
        }
        for n, one, row, segment in zip(chosen, uses, values, found, strict=True)
    ]


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    files, description, learned = make()
    bundle.write(FOLDER / "bundle", files, description)
    (FOLDER / "expected.json").write_text(json.dumps(learned, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
