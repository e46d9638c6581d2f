"""The command ``report``: a period against a reference, as HTML and JSON by Evidently, and a summary for programs."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from drift.rule import FEWEST_ROWS, MOST_PSI, MOST_SHARE, is_counted, verdict
from drift.tables import Column, Period, Reference, Table, of_bundle, of_export, tables
from skillforge_ml.bundle import MANIFEST
from skillforge_ml.errors import TrainingError
from skillforge_ml.export_reader import Export
from skillforge_ml.onnx_scoring import Rankers

SUMMARY = "summary.json"
# Rows that a report is drawn from: enough that no share is a thousandth off.
DRAWN = 10_000
DECIMALS = 6


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reference", type=Path, required=True, metavar="DIR", help="model bundle with a reference.json, or training export")
    parser.add_argument("--current", type=Path, required=True, metavar="DIR", help="training export that has the period")
    parser.add_argument("--from", dest="from_ms", type=int, required=True, metavar="MS", help="first instant of the period, in ms since the epoch")
    parser.add_argument("--until", type=int, required=True, metavar="MS", help="instant at which the period is over, in ms since the epoch")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write; files of an earlier report are replaced")
    parser.add_argument("--fail-on-drift", action="store_true", help="exit code 1 where the period has drifted")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Writes the reports, and gives the summary."""
    period = Period(arguments.from_ms, arguments.until)
    if period.from_ms >= period.until_ms:
        raise TrainingError(f"--from {period.from_ms} must lie before --until {period.until_ms}")
    current = Export(arguments.current)
    reference = reference_of(arguments.reference, current)
    found = tables(current, reference, period)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for table in found:
        if len(table.columns) > 0:
            write_report(arguments.out, table)
    document = summary(current, arguments.reference, period, found)
    (arguments.out / SUMMARY).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return document


def reference_of(folder: Path, current: Export) -> Reference:
    return of_bundle(Rankers(folder), current) if (folder / MANIFEST).exists() else of_export(Export(folder), current)


def summary(current: Export, reference: Path, period: Period, found: list[Table]) -> dict[str, Any]:
    """What programs read. The status of the period is that of its features, as in the stream; the other tables say what came of it."""
    described = {table.name: table_summary(table) for table in found}
    return {
        "format": 1,
        "region": current.region,
        "fromMs": period.from_ms,
        "untilMs": period.until_ms,
        "reference": str(reference),
        "rule": {"mostPsi": MOST_PSI, "mostShare": MOST_SHARE, "fewestRows": FEWEST_ROWS},
        "status": described["features"]["status"],
        "tables": described,
    }


def table_summary(table: Table) -> dict[str, Any]:
    """Of one table: `drifted` where more than the declared share of the columns that count have, `unknown` where it has too few rows to tell."""
    indices = [column.psi for column in table.columns]
    found = verdict(indices, [column.kind for column in table.columns])
    is_known = table.rows >= FEWEST_ROWS
    columns = [
        {"name": column.name, "type": column.kind, "counted": is_counted(column.kind), "psi": round(index, DECIMALS), "drifted": index > MOST_PSI}
        for column, index in zip(table.columns, indices, strict=True)
    ]
    return {
        "rows": table.rows,
        "referenceRows": table.expected_rows,
        "counted": found.counted,
        "drifted": [table.columns[at].name for at in found.drifted],
        "status": "unknown" if not is_known else "drifted" if found.is_drifted else "steady",
        "columns": columns,
    }


def write_report(out: Path, table: Table) -> None:
    """`<table>.html` and `<table>.json`. Evidently compares bins as categories: by equal widths, one fallback of 999 would make a single bin of all else."""
    names = [column.name for column in table.columns]
    definition = DataDefinition(categorical_columns=names)
    expected, found = (
        Dataset.from_pandas(pandas.DataFrame({column.name: drawn(column, shares_of(column)) for column in table.columns}), data_definition=definition)
        for shares_of in (lambda column: column.expected, lambda column: column.found)
    )
    preset = DataDriftPreset(columns=names, cat_method="psi", cat_threshold=MOST_PSI, drift_share=MOST_SHARE)
    made = Report([preset]).run(found, expected, name=table.name)
    made.save_html(str(out / f"{table.name}.html"))
    made.save_json(str(out / f"{table.name}.json"))


def drawn(column: Column, shares: np.ndarray) -> np.ndarray:
    """So many texts of bins as the shares say: each as near to its share as whole numbers can be."""
    ends = np.rint(np.cumsum(shares) * DRAWN).astype(np.int64)
    return np.repeat(texts(column.edges), np.diff(ends, prepend=0))


def texts(edges: np.ndarray) -> np.ndarray:
    """A text for each bin, which sort in their order."""
    if len(edges) == 0:
        return np.array(["0: any"])
    numbers = [f"{edge:.6g}" for edge in edges]
    between = [f"over {low} to {high}" for low, high in zip(numbers, numbers[1:], strict=False)]
    return np.array([f"{at:02}: {text}" for at, text in enumerate([f"to {numbers[0]}", *between, f"over {numbers[-1]}"])])
