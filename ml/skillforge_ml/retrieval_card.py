"""The model card of what retrieval learnt (Mitchell et al., "Model Cards for Model Reporting", FAT* 2019)."""

from collections.abc import Mapping
from datetime import datetime, timezone

from skillforge_ml.bundle import Description

PARTS = {
    "item-factors.json": "item factors by implicit ALS, course by course",
    "covisits.json": "items that are used on the same days",
    "embeddings.json": "points of items from title, kind, skills and difficulty",
    "segments.json": "segments of learners by k-means",
}


def card(description: Description, attributes: tuple[str, ...], files: Mapping[str, bytes]) -> str:
    """Text of the card. It says nothing of when or where it was written, so that equal models have equal cards."""
    parts = "\n".join(f"- `{name}`: {text}{'' if name in files else ' (left out: not asked for, or nothing to learn it from)'}" for name, text in PARTS.items())
    figures = "\n".join(f"| {name} | {'none' if value is None else value} |" for name, value in description.metrics.items())
    return f"""# What retrieval learnt

## Intended use

Finding candidates for recommendations within a course, features of a ranker, and lists for learners without history. Not for judging
learners, and not outside of region `{description.region}`.

## Parts

{parts}

## Data

Interactions of learners who agree to profiling, from {day(description.trained_from_ms)} up to {day(description.trained_until_ms)} (not
inclusive), and the catalogue as of then. Attributes of profiles in segments: {", ".join(attributes) or "none"}.

| figure | value |
|---|---|
{figures}

## Limits

Nothing of a single learner is in the files: no identifiers, no factors of learners. What goes together for those who agree to profiling
may not do so for others. Segments describe a first week, not abilities.
"""


def day(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
