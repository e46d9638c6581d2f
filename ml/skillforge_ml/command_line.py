"""What the command lines of the trainer and of the pipeline have in common."""

import argparse
import sys
from importlib import import_module

# Module of each command and what it does. A module has `configure(parser)` and `run(arguments, progress) -> dict`.
Commands = dict[str, tuple[str, str]]


def progress(text: str) -> None:
    """Tells a person what is being done."""
    print(text, file=sys.stderr, flush=True)


def parsed(parser: argparse.ArgumentParser, commands: Commands, argv: list[str], has_json: bool = False) -> argparse.Namespace:
    """Arguments, with the name of the command as `command`. A module is loaded only when its command is called: some load for seconds."""
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, description) in commands.items():
        command = choices.add_parser(name, help=description, description=description)
        if argv[:1] == [name]:
            import_module(module).configure(command)
            if has_json:
                command.add_argument("--json", action="store_true", help="print the result as one JSON document")
    return parser.parse_args(argv)
