"""Reads a training export: a folder of raw little-endian arrays and two files of JSON lines, as ``skillforge training export`` writes it.

Arrays are mapped, not read: an export may be larger than the memory.
"""

import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skillforge_ml.errors import TrainingError

FORMAT = 1
HOUR_MS = 3_600_000

# Files of one entry each, by group, with the type of an entry.
INTERACTIONS = {"learner": "<u4", "item": "<u4", "course": "<u2", "hour": "<i4", "events": "<u4", "completed": "u1"}
DECISIONS = {"learner": "<u4", "course": "<u2", "at": "<f8", "rows": "<u4"}
ROWS = {"item": "<u4", "source": "u1", "next": "i1", "new": "i1", "weight": "<f4"}
SUFFIXES = {"<u4": "u32", "<u2": "u16", "<i4": "i32", "u1": "u8", "i1": "i8", "<f4": "f32", "<f8": "f64"}


@dataclass(frozen=True)
class Interactions:
    """One entry for each learner, hour and item, in ascending hour. `hour` counts from the epoch; learners, items and courses are positions in the lists of the export."""

    learner: np.ndarray
    item: np.ndarray
    course: np.ndarray
    hour: np.ndarray
    events: np.ndarray
    completed: np.ndarray

    def before(self, until_ms: int) -> "Interactions":
        """Those of the hours that had ended by an instant."""
        count = int(np.searchsorted(self.hour, until_ms // HOUR_MS, side="left"))
        return self.taken(slice(0, count))

    def taken(self, chosen: slice | np.ndarray) -> "Interactions":
        """Some of them, in their order."""
        return Interactions(**{name: getattr(self, name)[chosen] for name in INTERACTIONS})

    def __len__(self) -> int:
        return len(self.hour)


@dataclass(frozen=True)
class Decisions:
    """What a decision looked at: `rows` counts its rows, which stand one after the other, those of the first decision first. `at` is in ms."""

    learner: np.ndarray
    course: np.ndarray
    at: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Rows:
    """Candidates: the item, the source (position in the export's list), the place in each list (-1: not listed), the weight 1 / probability of having been logged, the features."""

    item: np.ndarray
    source: np.ndarray
    next: np.ndarray
    new: np.ndarray
    weight: np.ndarray
    features: np.ndarray

    def __len__(self) -> int:
        return len(self.item)


class Export:
    """A training export. Opening it checks the sizes of all arrays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        head = self._head()
        self.region: str = head["region"]
        self.feature_set: dict[str, Any] = head["featureSet"]
        self.until_ms: int | None = head["untilMs"]
        self.items: list[str] = head["items"]
        self.learners: list[str] = head["learners"]
        self.courses: list[str] = head["courses"]
        self.cohorts: list[str] = head["cohorts"]
        self.sources: list[str] = head["sources"]
        self.interactions = Interactions(**self._group("interactions", INTERACTIONS, head["interactions"]))
        self.decisions = Decisions(**self._group("decisions", DECISIONS, head["decisions"]))
        columns = len(self.feature_set["columns"])
        features = self._array("rows.features.f32", "<f4", head["rows"] * columns).reshape(head["rows"], columns)
        self.rows = Rows(**self._group("rows", ROWS, head["rows"]), features=features)

    def curricula(self) -> list[dict[str, Any]]:
        """The last curriculum of each course."""
        return list(self._lines("curricula.jsonl"))

    def profiles(self) -> Iterator[dict[str, Any]]:
        """Learner, consent to profiling, attributes (of those who consent) and courses, a learner at a time."""
        return self._lines("learners.jsonl")

    @functools.cached_property
    def consents(self) -> tuple[np.ndarray, dict[int, dict[str, str]]]:
        """Which learners agree to profiling, a flag for each, and their attributes by their position. Nothing is learnt from the others."""
        position = {name: n for n, name in enumerate(self.learners)}
        attributes = {}
        for profile in self.profiles():
            if profile["learner"] in position and profile.get("consent", bool(profile["attributes"])):
                attributes[position[profile["learner"]]] = profile["attributes"]
        consenting = np.zeros(len(self.learners), dtype=bool)
        consenting[list(attributes)] = True
        return consenting, attributes

    def decided_with_consent(self) -> np.ndarray:
        """A flag for each decision: whether its learner agrees to profiling."""
        consenting, _ = self.consents
        return consenting[self.decisions.learner]

    def data_hash(self, parts: tuple[str, ...]) -> str:
        """What a model was trained on: a SHA-256 over the names and digests of the files whose names begin with one of `parts`."""
        digest = hashlib.sha256()
        for path in sorted(path for path in self.folder.iterdir() if path.name.split(".")[0] in parts):
            with path.open("rb") as content:
                digest.update(f"{path.name} {hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
        return f"sha256:{digest.hexdigest()}"

    def _head(self) -> dict[str, Any]:
        path = self.folder / "export.json"
        try:
            head = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TrainingError(f"{self.folder} is no training export: {path.name} cannot be read ({error})") from error
        if head.get("format") != FORMAT:
            raise TrainingError(f"{path} has the format {head.get('format')}, this program reads {FORMAT}")
        return head

    def _group(self, group: str, types: dict[str, str], count: int) -> dict[str, np.ndarray]:
        return {name: self._array(f"{group}.{name}.{SUFFIXES[kind]}", kind, count) for name, kind in types.items()}

    def _array(self, name: str, kind: str, count: int) -> np.ndarray:
        path = self.folder / name
        expected = count * np.dtype(kind).itemsize
        try:
            size = path.stat().st_size
        except OSError as error:
            raise TrainingError(f"{path} is missing") from error
        if size != expected:
            raise TrainingError(f"{path} has {size} bytes, export.json promises {expected}")
        return np.memmap(path, dtype=kind, mode="r", shape=(count,)) if count > 0 else np.empty(0, dtype=kind)

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        path = self.folder / name
        try:
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    yield json.loads(line)
        except (OSError, ValueError) as error:
            raise TrainingError(f"{path} cannot be read ({error})") from error
