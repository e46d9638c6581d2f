"""Small training exports that tests write: the format of `skillforge training export`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from skillforge_ml.export_reader import DECISIONS, INTERACTIONS, ROWS, SUFFIXES

DAY_MS = 86_400_000
START_HOUR = 386_000  # some midnight, or near one


@dataclass
class SmallExport:
    """What to write. Interactions are (learner, hour, item, course, events) by position; decisions and rows are arrays by column."""

    items: list[str]
    learners: list[str]
    courses: list[str]
    interactions: Sequence[tuple[int, int, int, int, int]] = ()
    curricula: list[dict[str, Any]] = field(default_factory=list)
    profiles: list[dict[str, Any]] = field(default_factory=list)
    columns: list[dict[str, Any]] = field(default_factory=lambda: [{"name": "a"}, {"name": "b"}])
    decisions: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    until_ms: int | None = None


def write(folder: Path, export: SmallExport) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    entries = np.array(sorted(export.interactions, key=lambda one: one[1]), dtype=np.int64).reshape(-1, 5)
    columns = dict(zip(("learner", "hour", "item", "course", "events"), entries.T, strict=True)) | {"completed": np.zeros(len(entries))}
    write_group(folder, "interactions", INTERACTIONS, columns)
    write_group(folder, "decisions", DECISIONS, export.decisions)
    write_group(folder, "rows", ROWS, export.rows)
    features = np.asarray(export.rows.get("features", ()), dtype="<f4")
    (folder / "rows.features.f32").write_bytes(features.tobytes())
    write_lines(folder / "curricula.jsonl", export.curricula)
    write_lines(folder / "learners.jsonl", export.profiles)
    head = {
        "format": 1,
        "region": "eu-west",
        "featureSet": {"id": "item-features:test", "columns": export.columns},
        "untilMs": export.until_ms,
        "items": export.items,
        "learners": export.learners,
        "courses": export.courses,
        "cohorts": export.courses,
        "sources": ["TRENDING", "CURRICULUM"],
        "decisions": len(export.decisions.get("rows", ())),
        "rows": len(export.rows.get("item", ())),
        "interactions": len(entries),
    }
    (folder / "export.json").write_text(json.dumps(head), encoding="utf-8")
    return folder


def write_group(folder: Path, group: str, types: dict[str, str], columns: dict[str, Any]) -> None:
    for name, kind in types.items():
        content = np.asarray(columns.get(name, ()), dtype=kind).tobytes()
        (folder / f"{group}.{name}.{SUFFIXES[kind]}").write_bytes(content)


def write_lines(path: Path, documents: list[dict[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(one)}\n" for one in documents), encoding="utf-8")


def item(name: str, title: str, kind: str = "page", **more: Any) -> dict[str, Any]:
    """An item of a curriculum."""
    return {"item": name, "title": title, "kind": kind, "skills": [], "difficulty": None, "addedAtMs": 0, "withdrawn": False} | more


def school(learners: int = 120, seed: int = 7) -> SmallExport:
    """
    Two courses of 12 items and 28 days, with two kinds of learners: the first half reads pages in the morning, the others do quizzes in the
    evening, and more of them. The education of a learner says which kind they are.
    """
    random = np.random.default_rng(seed)
    items = [f"{course}-{kind}-{n}" for course in ("a", "b") for kind in ("page", "quiz") for n in range(6)]
    interactions = set()
    for learner in range(learners):
        course, reads = learner % 2, learner < learners // 2
        for day in range(28):
            if random.random() < (0.3 if reads else 0.6):
                chosen = random.integers(6, size=2 if reads else 4) + (0 if reads else 6) + 12 * course
                hour = START_HOUR + 24 * day + (8 if reads else 20)
                interactions |= {(learner, hour, int(one), course, 1 + int(one) % 3) for one in chosen}
    titles = {"page": "Reading about topic", "quiz": "Quiz: topic"}
    course_of = {"A": items[:12], "B": items[12:]}
    curricula = [
        {"course": course, "items": [item(name, f"{titles[name.split('-')[1]]} {name[-1]}", name.split("-")[1], difficulty=0.1 * int(name[-1])) for name in names]}
        for course, names in course_of.items()
    ]
    names = [f"learner-{n}" for n in range(learners)]
    profiles = [
        {"learner": name, "consent": True, "attributes": {"education": "school" if n < learners // 2 else "degree"}, "courses": []}
        for n, name in enumerate(names)
    ]
    return SmallExport(items, names, ["A", "B"], sorted(interactions), curricula, profiles)


UNTIL_MS = (START_HOUR + 24 * 28) * 3_600_000
