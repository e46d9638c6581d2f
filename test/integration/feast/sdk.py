"""Feast's own SDK for the tests: takes a document of steps on standard input, prints what each found.

Document: ``{features, project, redis, declaration, steps}``; a step is ``{do: "write" | "materialize" | "read", view, rows}``, a row
``{entity, at, values}``. Bytes are ``{"bytes": base64}``, instants seconds since epoch.
"""

import base64
import contextlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from skillforge_features.declared import View, parsed
from skillforge_features.store import materialize, open_store


def plain(value: object) -> object:
    """A value that the SDK gave, for JSON."""
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return int(value.timestamp())
    return [plain(one) for one in value] if isinstance(value, list) else value


def rich(value: object, kind: str) -> object:
    """A value for the SDK."""
    if isinstance(value, list):
        return [rich(one, kind) for one in value]
    if isinstance(value, dict):
        return base64.b64decode(value["bytes"])
    return datetime.fromtimestamp(value, tz=UTC) if kind == "UNIX_TIMESTAMP" and value is not None else value


def frame(view: View, rows: list[dict]) -> pd.DataFrame:
    """Rows as Feast takes them: object columns, so that nothing is rounded or made a NaN."""
    columns: dict[str, list] = {name: [row["entity"][name] for row in rows] for name in view.entities}
    columns["event_timestamp"] = [datetime.fromtimestamp(row["at"] / 1000, tz=UTC) for row in rows]
    columns["created_timestamp"] = columns["event_timestamp"]
    for feature in view.features:
        kind = feature.type.removesuffix("_LIST")
        columns[feature.name] = pd.Series([rich(row["values"][feature.name], kind) for row in rows], dtype=object)
    return pd.DataFrame(columns)


def run(document: dict) -> list[list[dict]]:
    """What each `read` found."""
    declaration = parsed(document["declaration"])
    features = Path(document["features"])
    store = open_store(features, document["project"], document["redis"], declaration)
    found = []
    for step in document["steps"]:
        view, rows = declaration.view(step["view"]), step["rows"]
        if step["do"] == "write":
            store.write_to_online_store(view.name, df=frame(view, rows))
        elif step["do"] == "materialize":
            path = features / view.source
            path.parent.mkdir(parents=True, exist_ok=True)
            frame(view, rows).to_parquet(path)
            until = max(row["at"] for row in rows)
            materialize(store, [view.name], datetime.fromtimestamp(0, tz=UTC), datetime.fromtimestamp(until / 1000, tz=UTC))
        else:
            names = [f"{view.name}:{one.name}" for one in view.features]
            answer = store.get_online_features(features=names, entity_rows=[row["entity"] for row in rows]).to_dict()
            found.append([{one.name: plain(answer[one.name][at]) for one in view.features} for at in range(len(rows))])
    return found


with contextlib.redirect_stdout(sys.stderr):  # Feast prints what it does
    found = run(json.load(sys.stdin))
json.dump(found, sys.stdout)
