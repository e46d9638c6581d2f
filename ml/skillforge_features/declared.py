"""The declaration of entities, views and services: ``ml/feast/views.json``, which is written from the TypeScript declaration."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent / "feast"


@dataclass(frozen=True)
class Feature:
    """A stored feature. `fallback` is the value that the ranker has where nothing is stored; `None` where the ranker has no such feature."""

    name: str
    type: str
    description: str
    fallback: float | None


@dataclass(frozen=True)
class View:
    """Features that change together; `source` is the file or pattern below the folder of features. `ttl_ms`: `None` holds until the next row."""

    name: str
    description: str
    origin: str
    source: str
    entities: tuple[str, ...]
    ttl_ms: int | None
    features: tuple[Feature, ...]


@dataclass(frozen=True)
class Service:
    """Views that are asked for together."""

    name: str
    description: str
    views: tuple[str, ...]


@dataclass(frozen=True)
class Declared:
    """All of it. `entities` by name."""

    entities: dict[str, str]
    views: tuple[View, ...]
    services: tuple[Service, ...]

    def view(self, name: str) -> View:
        return next(one for one in self.views if one.name == name)

    def ranked(self, service: str) -> tuple[Feature, ...]:
        """The features of a service that the ranker has, too."""
        views = next(one for one in self.services if one.name == service).views
        return tuple(feature for name in views for feature in self.view(name).features if feature.fallback is not None)


def parsed(document: dict[str, Any]) -> Declared:
    """A declaration as it stands in JSON."""
    views = tuple(
        View(
            one["name"],
            one["description"],
            one["origin"],
            one["source"],
            tuple(one["entities"]),
            one["ttlMs"],
            tuple(Feature(each["name"], each["type"], each["description"], each["fallback"]) for each in one["features"]),
        )
        for one in document["views"]
    )
    services = tuple(Service(one["name"], one["description"], tuple(one["views"])) for one in document["services"])
    return Declared(document["entities"], views, services)


@cache
def declared() -> Declared:
    """The declaration of this checkout."""
    return parsed(json.loads((REPOSITORY / "views.json").read_text(encoding="utf-8")))
