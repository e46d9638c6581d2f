"""The command line: ``python -m skillforge_features COMMAND …``.

Exit code 0: done; 1: a :class:`FeatureStoreError`, in one line on standard error; 2: wrong arguments. The result goes to standard output as
one JSON document.
"""

import argparse
import contextlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from skillforge_features.declared import declared
from skillforge_features.errors import FeatureStoreError


def apply(arguments: argparse.Namespace) -> dict[str, object]:
    """Brings Feast's registry up to the definitions of this checkout."""
    store = opened(arguments)
    return {"views": [one.name for one in store.list_feature_views()], "services": [one.name for one in store.list_feature_services()]}


def materialize(arguments: argparse.Namespace) -> dict[str, object]:
    """Writes the newest rows of views into the online store: of those that batch jobs make, unless views are named."""
    from skillforge_features.store import materialize as write

    views = arguments.view or [one.name for one in declared().views if one.origin == "batch"]
    write(opened(arguments), views, instant(getattr(arguments, "from")), instant(arguments.until))
    return {"views": views}


def history(arguments: argparse.Namespace) -> dict[str, object]:
    """Writes the training set of the exported decisions, as Feast joins it."""
    from skillforge_features.history import SERVICE

    _, superseded, rows = joined(arguments)
    rows.to_parquet(arguments.out)
    return {"service": SERVICE, "rows": len(rows), "superseded": superseded, "out": str(arguments.out)}


def skew(arguments: argparse.Namespace) -> dict[str, object]:
    """Compares the training set with what serving saw."""
    from skillforge_features.history import SERVICE
    from skillforge_features.skew import compare, report

    decisions, superseded, rows = joined(arguments)
    return report(compare(rows, declared().ranked(SERVICE)), decisions["decision"].nunique(), superseded)


COMMANDS = {one.__name__: one for one in (apply, materialize, history, skew)}


def joined(arguments: argparse.Namespace):
    """Decisions, how many of them were superseded, and the training set that Feast joins to them."""
    from skillforge_features.history import read_decisions, training_set

    decisions, superseded = read_decisions(arguments.features / "decisions.parquet")
    return decisions, superseded, training_set(opened(arguments), arguments.features, decisions)


def opened(arguments: argparse.Namespace):
    # Feast takes seconds to load.
    from skillforge_features.store import open_store

    return open_store(arguments.features, arguments.project, arguments.redis)


def instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="skillforge_features", description="The feature store of SkillForge Streams.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        one = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        one.add_argument("--features", type=Path, required=True, help="folder of features: what `skillforge features export` and batch jobs write")
        one.add_argument("--project", default="skillforge_eu_west", help="Feast's project: skillforge_<region>")
        one.add_argument("--redis", default="localhost:6379", help="online store, as Feast writes it: host:port,password=…")
        if name == "materialize":
            one.add_argument("--from", type=int, required=True, help="event time, ms since epoch, inclusive")
            one.add_argument("--until", type=int, required=True, help="event time, ms since epoch, inclusive")
            one.add_argument("--view", action="append", help="only this view; may be given several times")
        if name == "history":
            one.add_argument("--out", type=Path, required=True, help="Parquet file to write")
    arguments = parser.parse_args(argv)
    try:
        # Feast prints what it does.
        with contextlib.redirect_stdout(sys.stderr):
            result = COMMANDS[arguments.command](arguments)
        print(json.dumps(result, ensure_ascii=False))
    except FeatureStoreError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
