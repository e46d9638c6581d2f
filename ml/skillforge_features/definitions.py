"""Feast's objects, made of the declaration."""

import os
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.data_format import ParquetFormat
from feast.types import Array, Bool, Bytes, FeastType, Float32, Float64, Int32, Int64, String, UnixTimestamp

from skillforge_features.declared import Declared, View, declared

SCALARS: dict[str, FeastType] = {
    "BYTES": Bytes,
    "STRING": String,
    "INT32": Int32,
    "INT64": Int64,
    "DOUBLE": Float64,
    "FLOAT": Float32,
    "BOOL": Bool,
    "UNIX_TIMESTAMP": UnixTimestamp,
}
LIST = "_LIST"

EVENT_TIME = "event_timestamp"
CREATED = "created_timestamp"


def feast_type(name: str) -> FeastType:
    """Feast's type by the name that the declaration has for it, such as ``INT64_LIST``."""
    return Array(SCALARS[name.removesuffix(LIST)]) if name.endswith(LIST) else SCALARS[name]


def repository(declaration: Declared | None = None) -> list[Entity | FeatureView | FeatureService]:
    """Entities, views and services. Their files lie below the folder that SKILLFORGE_FEATURES names."""
    declaration = declaration or declared()
    folder = os.path.abspath(os.environ.get("SKILLFORGE_FEATURES", "features"))
    entities = {
        name: Entity(name=name, join_keys=[name], value_type=ValueType.STRING, description=description)
        for name, description in declaration.entities.items()
    }
    views = {view.name: feature_view(view, entities, folder) for view in declaration.views}
    services = [
        FeatureService(name=one.name, description=one.description, features=[views[name] for name in one.views]) for one in declaration.services
    ]
    return [*entities.values(), *views.values(), *services]


def feature_view(view: View, entities: dict[str, Entity], folder: str) -> FeatureView:
    """A view with its file source; entities stand in the schema, too, so that Feast has no need to look into the files."""
    source = FileSource(
        name=f"{view.name}_file",
        path=f"{folder}/{view.source}",
        file_format=ParquetFormat(),
        timestamp_field=EVENT_TIME,
        created_timestamp_column=CREATED,
    )
    keys = [Field(name=name, dtype=String) for name in view.entities]
    fields = [Field(name=one.name, dtype=feast_type(one.type), description=one.description) for one in view.features]
    return FeatureView(
        name=view.name,
        description=view.description,
        entities=[entities[name] for name in view.entities],
        ttl=timedelta(milliseconds=view.ttl_ms or 0),
        schema=[*keys, *fields],
        source=source,
        online=True,
        tags={"origin": view.origin},
    )
