import json

import numpy as np
import pytest

import exports
from skillforge_ml import bundle
from skillforge_ml.__main__ import main


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("school")
    exports.write(folder / "export", exports.school())
    assert train(folder, "bundle") == 0
    return folder, bundle.read(folder / "bundle")


def train(folder, out, *more, until=exports.UNTIL_MS):
    return main(["retrieval", "--export", str(folder / "export"), "--until", str(until), "--out", str(folder / out), *more])


def test_a_bundle_has_all_parts_and_verifies(trained):
    _, found = trained
    assert set(found.files) == {
        "item-factors.json", "item-factors.f32", "covisits.json", "embeddings.json", "embeddings.f32", "projection.f32", "idf.f32",
        "embeddings-0.usearch", "embeddings-1.usearch", "segments.json", "model-card.md",
    }  # fmt: skip
    assert found.manifest["trainedUntilMs"] == exports.UNTIL_MS
    assert found.manifest["trainedFromMs"] < exports.UNTIL_MS
    assert found.manifest["featureSet"] is None


def test_the_same_export_gives_the_same_version(trained):
    folder, found = trained
    assert train(folder, "again") == 0
    assert bundle.read(folder / "again").files == found.files


def test_items_of_a_kind_go_together(trained):
    _, found = trained
    covisits = json.loads(found.files["covisits.json"])
    names = covisits["items"]
    for name, near in zip(names, covisits["neighbours"], strict=True):
        assert near
        assert {names[other].rsplit("-", 1)[0] for other, _ in near} == {name.rsplit("-", 1)[0]}


def test_segments_tell_readers_from_those_who_do_quizzes(trained):
    _, found = trained
    segments = json.loads(found.files["segments.json"])
    assert 3 <= segments["k"] <= 8
    assert sum(segments["shares"]) == pytest.approx(1, abs=1e-3)
    names = [feature["name"] for feature in segments["features"]]
    quiz, degree = (np.array([centre[names.index(name)] for centre in segments["centroids"]]) for name in ("early:kind=quiz", "attribute:education=degree"))
    assert (np.sign(quiz) == np.sign(degree)).all()


def test_nothing_of_a_learner_is_in_a_bundle(trained):
    folder, found = trained
    texts = [content for name, content in found.files.items() if name.endswith((".json", ".md"))]
    assert not any(b"learner-1" in text for text in texts)
    assert b"learner-1" not in (folder / "bundle" / bundle.MANIFEST).read_bytes()


def test_what_happens_later_changes_nothing(trained, tmp_path):
    """A model of an instant is the same, whether its export ends there or goes on."""
    whole = exports.school()
    middle = exports.START_HOUR + 24 * 14
    cut = exports.school()
    cut.interactions = [one for one in whole.interactions if one[1] < middle]
    cut.until_ms = middle * 3_600_000
    for name, export in (("whole", whole), ("cut", cut)):
        exports.write(tmp_path / name / "export", export)
        assert train(tmp_path / name, "bundle", until=middle * 3_600_000) == 0
    assert bundle.read(tmp_path / "whole" / "bundle").files == bundle.read(tmp_path / "cut" / "bundle").files


def test_who_refuses_profiling_is_left_out(trained, tmp_path):
    refusing = exports.school()
    refused = {4, 5, 70, 71}
    for n in refused:
        refusing.profiles[n] |= {"consent": False, "attributes": {}}
    absent = exports.school()
    absent.interactions = [one for one in absent.interactions if one[0] not in refused]
    absent.profiles = refusing.profiles
    for name, export in (("refusing", refusing), ("absent", absent)):
        exports.write(tmp_path / name / "export", export)
        assert train(tmp_path / name, "bundle") == 0
    assert bundle.read(tmp_path / "refusing" / "bundle").files == bundle.read(tmp_path / "absent" / "bundle").files


def test_a_catalogue_alone_has_embeddings_alone(tmp_path):
    export = exports.school()
    export.interactions = []
    export.profiles = []
    exports.write(tmp_path / "export", export)
    assert train(tmp_path, "bundle") == 0
    files = set(bundle.read(tmp_path / "bundle").files)
    assert "embeddings.json" in files
    assert not files & {"item-factors.json", "covisits.json", "segments.json"}


def test_refuses_what_it_cannot_do(trained, capsys):
    folder, _ = trained
    assert train(folder, "bundle") == 1
    assert "is there already" in capsys.readouterr().err
    assert train(folder, "never", until=-1) == 1
    assert "neither interactions nor items" in capsys.readouterr().err
    assert not (folder / "never").exists()
    with pytest.raises(SystemExit, match="2"):
        main(["retrieval"])


def test_prints_one_document(trained, capsys):
    folder, found = trained
    capsys.readouterr()
    assert train(folder, "printed", "--json") == 0
    assert json.loads(capsys.readouterr().out)["version"] == found.manifest["version"]
    assert main(["card", str(folder / "printed")]) == 0
    assert capsys.readouterr().out.startswith("# What retrieval learnt")
