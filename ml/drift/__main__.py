"""The command line: ``python -m drift report …``, in the environment ``operations``.

Exit code 0: done; 1: done, and with ``--fail-on-drift`` the period has drifted; 2: wrong arguments; 3: a :class:`TrainingError`, in one line on
standard error. The summary goes to standard output: as lines, or with ``--json`` as one document.
"""

import argparse
import json
import sys
from typing import Any

from skillforge_ml.errors import TrainingError


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="drift", description="Drift of what the recommender sees and gives.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    text = "compare a period of a training export with a reference, and write reports"
    command = commands.add_parser("report", help=text, description=text)
    # Evidently loads for seconds: not for a wrong command.
    from drift import report

    report.configure(command)
    command.add_argument("--json", action="store_true", help="print the summary as one JSON document")
    arguments = parser.parse_args(argv)
    try:
        summary = report.run(arguments)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    print(json.dumps(summary) if arguments.json else lines(summary))
    return 1 if arguments.fail_on_drift and summary["status"] == "drifted" else 0


def lines(summary: dict[str, Any]) -> str:
    """The summary for people: a line for each table, and one for the whole."""
    told = [f"{name}: {table['status']}, {len(table['drifted'])} of {table['counted']} columns, {table['rows']} rows" for name, table in summary["tables"].items()]
    return "\n".join([*told, summary["status"]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
