"""Items as points, from their text and metadata alone, so that an item nobody has used has its place.

Latent semantic analysis: Deerwester, Dumais, Furnas, Landauer, Harshman, "Indexing by Latent Semantic Analysis", JASIS 1990, over tokens that
are hashed to a fixed number of buckets (Weinberger, Dasgupta, Langford, Smola, Attenberg, ICML 2009): words, and parts of words as in
Bojanowski, Grave, Joulin, Mikolov, TACL 2017, so that "quizzes" lies near "quiz". No vocabulary and no model from elsewhere is needed.

**The function**, which serving has once more in TypeScript, of an item with `title`, `kind`, `skills`, `difficulty`:

1. text = the title in Unicode normal form NFKC, then in lower case.
2. words = the longest runs of characters whose general category is L*, M* or N*.
3. tokens, with their weights in brackets: `w:`WORD for each word [word]; of `<`WORD`>` every substring of 3, then of 4 code points, as
   `g:`SUBSTRING [gram]; `k:`KIND [kind]; `s:`SKILL for each skill [skill]; `d:`LEVEL [difficulty], where the difficulty is known, with
   LEVEL = min(levels - 1, floor(difficulty * levels)). Kind and skills as they are written.
4. bucket of a token = FNV-1a (32 bits: offset 2166136261, prime 16777619) over its UTF-8 bytes, modulo the number of buckets.
   x[bucket] is the sum of the weights of its tokens.
5. y = the sum over buckets of x[b] * idf[b] * projection[b], in float64.
6. The point is y / |y| in float32; where |y| < 1e-12, all zeros: no token of it was seen in training.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits
from usearch.index import Index

from skillforge_ml.bundle import float32_bytes, json_bytes

DIMENSIONS = 32
BUCKETS = 2048
WEIGHTS = {"word": 1.0, "gram": 0.3, "kind": 1.0, "skill": 1.0, "difficulty": 0.5}
GRAM_LENGTHS = (3, 4)
DIFFICULTY_LEVELS = 5
SHORTEST = 1e-12
# Directions that hold less than this share of the first one's variance are noise.
LEAST_VARIANCE = 1e-6
# Variances that differ by less than this share of the first one's are equal, and lengths by this share of themselves: not for rounding alone.
EQUAL = 1e-9
NEARLY = 1e-6
# As for item factors: not the last bits.
STEP = 2.0**-20
# usearch: edges of a node, and how many nodes are looked at when one is added.
CONNECTIVITY = 16
EXPANSION_ADD = 128

Item = dict[str, Any]


@dataclass(frozen=True)
class Embedder:
    """The function above with what training learnt: `idf` has a value for each bucket, `projection` a row."""

    idf: np.ndarray
    projection: np.ndarray

    def vectors(self, items: Sequence[Item]) -> np.ndarray:
        """Points of items, row by row."""
        raw = (counts(items, len(self.idf)) * self.idf.astype(np.float64)) @ self.projection.astype(np.float64)
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        return np.where(lengths < SHORTEST, 0.0, raw / np.maximum(lengths, SHORTEST)).astype(np.float32)


def words(title: str) -> list[str]:
    text = unicodedata.normalize("NFKC", title).lower()
    return "".join(one if unicodedata.category(one)[0] in "LMN" else " " for one in text).split(" ")


def tokens(item: Item) -> Iterator[tuple[str, float]]:
    """The tokens of an item with their weights."""
    for word in filter(None, words(item["title"])):
        yield f"w:{word}", WEIGHTS["word"]
        bounded = f"<{word}>"
        for length in GRAM_LENGTHS:
            for start in range(len(bounded) - length + 1):
                yield f"g:{bounded[start : start + length]}", WEIGHTS["gram"]
    yield f"k:{item['kind']}", WEIGHTS["kind"]
    for skill in item["skills"]:
        yield f"s:{skill}", WEIGHTS["skill"]
    if item["difficulty"] is not None:
        yield f"d:{min(DIFFICULTY_LEVELS - 1, int(item['difficulty'] * DIFFICULTY_LEVELS))}", WEIGHTS["difficulty"]


def fnv1a(token: str) -> int:
    digest = 2166136261
    for byte in token.encode():
        digest = ((digest ^ byte) * 16777619) & 0xFFFFFFFF
    return digest


def counts(items: Sequence[Item], buckets: int) -> np.ndarray:
    """The weights of tokens by bucket, items by buckets."""
    found = np.zeros((len(items), buckets))
    for row, item in enumerate(items):
        for token, weight in tokens(item):
            found[row, fnv1a(token) % buckets] += weight
    return found


def train(items: Sequence[Item], dimensions: int = DIMENSIONS, buckets: int = BUCKETS) -> Embedder:
    """Learns how rare each bucket is, and the directions in which items differ most. Has fewer dimensions where items do not fill them."""
    found = counts(items, buckets)
    documents = (found > 0).sum(axis=0)
    seen = np.flatnonzero(documents)
    idf = np.zeros(buckets, dtype=np.float32)
    idf[seen] = np.log((1 + len(items)) / (1 + documents[seen])) + 1
    weighted = found[:, seen] * idf[seen].astype(np.float64)
    weighted /= np.linalg.norm(weighted, axis=1, keepdims=True)
    directions = principal_directions(weighted, dimensions)
    projection = np.zeros((buckets, directions.shape[1]), dtype=np.float32)
    projection[seen] = np.round(directions / STEP) * STEP
    return Embedder(idf, projection)


def principal_directions(rows: np.ndarray, most: int) -> np.ndarray:
    """The right singular vectors of a matrix, those of the greatest singular values, as columns.

    Directions of equal singular values are any basis of what they span, another one on each kind of processor. Here it is that of
    :func:`own_basis`, so that the same items give the same points everywhere.
    """
    variances, vectors = leading(rows.T @ rows, most)
    kept = int((variances > LEAST_VARIANCE * variances[0]).sum())
    bounds = [0, *(n for n in range(1, kept) if variances[n - 1] - variances[n] > EQUAL * variances[0]), kept]
    spans = [own_basis(vectors[:, first:end]) for first, end in zip(bounds, bounds[1:], strict=False)]
    return np.hstack(spans)[:, :most]


def leading(square: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of a symmetric matrix, the greatest first, with their vectors: `most` and as many more as equal the last of these."""
    columns = len(square)
    count = most
    while True:
        with threadpool_limits(1, user_api="blas"):
            variances, vectors = eigh(square, subset_by_index=[max(0, columns - count - 1), columns - 1])
        variances, vectors = variances[::-1], vectors[:, ::-1]
        if count >= columns or variances[most - 1] - variances[-1] > EQUAL * variances[0]:
            return variances, vectors
        count *= 2


def own_basis(vectors: np.ndarray) -> np.ndarray:
    """An orthonormal basis of what orthonormal columns span, which depends on nothing but that space: of the projections of the unit vectors
    onto it the longest, then the longest of what is left without it, and so on."""
    projector = vectors @ vectors.T
    basis: list[np.ndarray] = []
    for _ in range(vectors.shape[1]):
        lengths = np.diag(projector)
        # The first of those that are as long up to rounding.
        column = projector[:, int(np.flatnonzero(lengths > lengths.max() * (1 - NEARLY))[0])]
        basis.append(column / np.linalg.norm(column))
        projector = projector - np.outer(basis[-1], basis[-1])
    return np.stack(basis, axis=1)


def files(embedder: Embedder, courses: dict[str, list[Item]]) -> dict[str, bytes]:
    """Their files in a bundle: the points of all items of all courses, and for each course an index over its own."""
    items = {item["item"]: item for course in sorted(courses) for item in courses[course]}
    names = sorted(items)
    position = {name: n for n, name in enumerate(names)}
    points = embedder.vectors([items[name] for name in names])
    rows = {course: sorted(position[item["item"]] for item in courses[course]) for course in sorted(courses)}
    head = {
        "dimensions": points.shape[1],
        "buckets": len(embedder.idf),
        "weights": WEIGHTS,
        "gramLengths": GRAM_LENGTHS,
        "difficultyLevels": DIFFICULTY_LEVELS,
        "items": names,
        "courses": rows,
    }
    return {
        "embeddings.json": json_bytes(head),
        "embeddings.f32": float32_bytes(points),
        "projection.f32": float32_bytes(embedder.projection),
        "idf.f32": float32_bytes(embedder.idf),
        **{f"embeddings-{n}.usearch": index_of(points, keys) for n, keys in enumerate(rows.values()) if keys},
    }


def index_of(points: np.ndarray, keys: list[int]) -> bytes:
    """A usearch index (HNSW: Malkov, Yashunin, IEEE TPAMI 2018) over some points, whose keys are their rows."""
    index = Index(ndim=points.shape[1], metric="cos", dtype="f32", connectivity=CONNECTIVITY, expansion_add=EXPANSION_ADD)
    index.add(np.array(keys, dtype=np.uint64), points[keys], threads=1)
    return bytes(index.save())
