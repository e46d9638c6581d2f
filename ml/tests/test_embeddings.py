import numpy as np
import pytest
from usearch.index import Index

import exports
from skillforge_ml import embeddings

ITEMS = [exports.item(f"i{n}", f"{kind.title()} about {topic}", kind, skills=[topic]) for n, (kind, topic) in enumerate(
    (kind, topic) for kind in ("quiz", "page", "forum") for topic in ("fractions", "algebra", "geometry", "probability")
)]


def test_the_hash_is_fnv_1a():
    # Vectors of the authors of the function.
    assert [embeddings.fnv1a(text) for text in ("", "a", "foobar")] == [0x811C9DC5, 0xE40C292C, 0xBF9CF968]


def test_words_are_runs_of_letters_marks_and_digits():
    assert [word for word in embeddings.words("Ｗeek 5: İstanbul’s cafés—über_alles ½") if word] == ["week", "5", "i̇stanbul", "s", "cafés", "über", "alles", "1", "2"]
    assert [word for word in embeddings.words("हिन्दी E\u0301te") if word] == ["हिन्दी", "éte"]


def test_tokens_of_an_item():
    item = exports.item("x", "Ab ab", "Quiz", skills=["S 1"], difficulty=1.0)
    grams = [("g:<ab", 0.3), ("g:ab>", 0.3), ("g:<ab>", 0.3)]
    assert list(embeddings.tokens(item)) == [("w:ab", 1), *grams, ("w:ab", 1), *grams, ("k:Quiz", 1), ("s:S 1", 1), ("d:4", 0.5)]


def test_points_have_unit_length_and_like_items_are_near():
    embedder = embeddings.train(ITEMS, dimensions=8)
    points = embedder.vectors(ITEMS)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, atol=1e-6)
    new = embedder.vectors([exports.item("new", "A quiz: algebraic terms", "quiz", skills=["algebra"])])[0]
    assert ITEMS[int((points @ new).argmax())]["title"] == "Quiz about algebra"


def test_what_training_never_saw_is_near_nothing():
    embedder = embeddings.train(ITEMS)
    assert not embedder.vectors([exports.item("x", "ж", "ж")]).any()


def test_directions_keep_what_differs():
    """Inner products of the points are those of the weighted counts, where no direction is left out."""
    embedder = embeddings.train(ITEMS, dimensions=40)
    weighted = embeddings.counts(ITEMS, embeddings.BUCKETS) * embedder.idf
    weighted /= np.linalg.norm(weighted, axis=1, keepdims=True)
    points = embedder.vectors(ITEMS)
    np.testing.assert_allclose(points @ points.T, weighted @ weighted.T, atol=1e-4)


def test_directions_of_equal_variance_do_not_depend_on_how_they_were_found():
    """Some have equals, of which the last ones are left out: any basis of what they span would do, and processors differ in which they find."""
    random = np.random.default_rng(1)
    axes = np.linalg.qr(random.normal(size=(12, 12)))[0]
    variances = np.array([5, 3, 3, 3, 2, 1, 1, 1, 1, 1, 0, 0])
    found = []
    for _ in range(3):
        turned = axes.copy()
        for first, end in ((1, 4), (5, 10)):
            turned[:, first:end] = axes[:, first:end] @ np.linalg.qr(random.normal(size=(end - first, end - first)))[0]
        found.append(embeddings.principal_directions((turned * np.sqrt(variances)).T, 7))
    assert found[0].shape == (12, 7)
    np.testing.assert_allclose(found[0].T @ found[0], np.eye(7), atol=1e-9)
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-6)


def test_the_same_items_give_the_same_bytes_and_an_index_for_each_course():
    courses = {"B": ITEMS[:8], "A": ITEMS[4:], "C": []}
    files, again = (embeddings.files(embeddings.train(ITEMS), courses) for _ in range(2))
    assert files == again
    assert [name for name in files if name.endswith(".usearch")] == ["embeddings-0.usearch", "embeddings-1.usearch"]
    index = Index.restore(files["embeddings-0.usearch"])
    points = np.frombuffer(files["embeddings.f32"], dtype="<f4").reshape(len(ITEMS), -1)
    names = sorted(item["item"] for item in ITEMS)
    found = index.search(points[names.index("i7")], 3)
    assert found.keys[0] == names.index("i7")
    assert found.distances[0] == pytest.approx(0, abs=1e-6)
