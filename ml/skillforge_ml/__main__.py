"""The command line: ``python -m skillforge_ml COMMAND …``.

Exit code 0: done; 1: a :class:`TrainingError`, in one line on standard error; 2: wrong arguments. Progress goes to standard error, the
result to standard output: as lines, or with ``--json`` as one document.
"""

import argparse
import json
import sys
from importlib import import_module

from skillforge_ml.command_line import parsed, progress
from skillforge_ml.errors import TrainingError

COMMANDS = {
    "retrieval": ("skillforge_ml.retrieval", "train item factors, co-visits, embeddings and segments from an export"),
    "ranker": ("skillforge_ml.ranker", "train the two rankers from an export, and put them beside what retrieval learnt"),
    "compare": ("skillforge_ml.compare", "compare a bundle with its champion on decisions that neither has seen"),
    "card": ("skillforge_ml.inspection", "print the model card of a bundle"),
    "verify": ("skillforge_ml.inspection", "check every digest of a bundle"),
}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="skillforge_ml", description="Training for SkillForge Streams.")
    arguments = parsed(parser, COMMANDS, argv, has_json=True)
    try:
        result = import_module(COMMANDS[arguments.command][0]).run(arguments, progress)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps(result, ensure_ascii=False) if arguments.json else lines(result))
    return 0


def lines(result: dict) -> str:
    """A result for people: its text where it is one, else a line for each value."""
    if set(result) == {"text"}:
        return result["text"].rstrip("\n")
    return "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in result.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
