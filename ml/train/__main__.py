"""The command line: ``python -m train COMMAND …``.

Exit code 0: done; 1: a :class:`TrainingError`, in one line on standard error; 2: wrong arguments; 3: the data of the export are refused. Progress
goes to standard error, the result to standard output as one JSON document.
"""

import argparse
import json
import sys
from contextlib import redirect_stdout
from importlib import import_module

from skillforge_ml.command_line import parsed, progress
from skillforge_ml.errors import TrainingError
from train.validate import ExportRefused

COMMANDS = {
    "validate": ("train.validate", "check whether an export may be trained on"),
    "retrieval": ("skillforge_ml.retrieval", "train item factors, co-visits, embeddings and segments from an export"),
    "ranker": ("skillforge_ml.ranker", "train the two rankers from an export, and put them beside what retrieval learnt"),
    "evaluate": ("train.evaluate", "measure a bundle on decisions that it has not seen"),
    "card": ("train.card", "write the complete model card of a training run"),
    "log": ("train.log", "log a training run to MLflow"),
    "register": ("train.register", "register the bundle of a logged run as a version of a model"),
    "run": ("train.pipeline", "take all steps, from an export to a registered version"),
}
REFUSED = 3


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="train", description="The training pipeline of SkillForge Streams.")
    arguments = parsed(parser, COMMANDS, argv)
    try:
        with redirect_stdout(sys.stderr):  # libraries print, too: MLflow where a run can be seen
            result = import_module(COMMANDS[arguments.command][0]).run(arguments, progress)
    except ExportRefused as error:
        print(json.dumps(error.report, ensure_ascii=False))
        print(f"error: {error}", file=sys.stderr)
        return REFUSED
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
