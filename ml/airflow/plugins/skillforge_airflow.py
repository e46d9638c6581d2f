"""What the daily loop needs of Airflow: an operator that runs a command of ``skillforge``, and what happens when a run takes too long."""

import json
import logging
import os
import shlex
import subprocess
from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

# How the command line is called, such as `node /srv/skillforge/dist/scripts/skillforge.js`.
COMMAND_VARIABLE = "SKILLFORGE_COMMAND"
# Exit codes: a check failed; the command line is wrong. Another try ends the same way.
FINAL_EXITS = (1, 2)
# So do refusals with these codes; others, such as servers that cannot be reached, are tried again.
FINAL_CODES = ("SFS_TRAINING_DATA", "SFS_MODEL_GATE", "SFS_MODEL_REGION", "SFS_MODEL_FEATURES")

log = logging.getLogger(__name__)


class SkillForgeOperator(BaseOperator):
    """
    Runs ``skillforge ARGUMENTS --json``. Arguments are templates, and no shell looks at them; one that comes out as an option without value
    (``--previous=``) is left out. The document that the command prints is what other tasks can pull. Commands can be repeated: a retry changes nothing.
    """

    template_fields: Sequence[str] = ("arguments",)

    def __init__(self, *, arguments: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.arguments = list(arguments)
        self.process: subprocess.Popen[str] | None = None

    def execute(self, context: Any) -> Any:
        given = [one for one in self.arguments if not (one.startswith("--") and one.endswith("="))]
        command = [*shlex.split(os.environ.get(COMMAND_VARIABLE, "skillforge")), *given, "--json"]
        self.log.info("running %s", shlex.join(command))
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")
        document = None
        for line in self.process.stdout or ():
            self.log.info("%s", line.rstrip())
            document = parsed(line) or document
        return self.ended(self.process.wait(), document)

    def ended(self, code: int, document: Any) -> Any:
        """The document of a command that worked. @raise AirflowFailException: another try would end the same way"""
        if code == 0:
            return document
        error = document.get("error", {}) if isinstance(document, dict) else {}
        message = f"skillforge ended with {code}: {error.get('code', 'no code')}: {error.get('message', 'see above')}"
        raise (AirflowFailException if code in FINAL_EXITS or error.get("code") in FINAL_CODES else AirflowException)(message)

    def on_kill(self) -> None:
        """A time-out, or a person, ends the command, which takes back what is not whole."""
        if self.process is not None:
            self.process.terminate()


def parsed(line: str) -> Any:
    """A line that is a JSON document; None for any other."""
    if not line.startswith(("{", "[")):
        return None
    try:
        return json.loads(line)
    except ValueError:
        return None


async def deadline_missed(**told: Any) -> None:
    """A run of the daily loop is not done in time: lists go on being made by yesterday's model."""
    log.error("the daily loop has missed its deadline: %s", told.get("context", {}).get("dag_run"))
