"""Rankers scored as serving scores them: by the ONNX runtime, float32, one thread."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from skillforge_ml import bundle
from skillforge_ml.errors import TrainingError
from skillforge_ml.examples import LISTS
from skillforge_ml.export_reader import Export

# Rows that are scored at once: bounds the memory, and changes no score.
BATCH = 1 << 16


class Ranker:
    """A ranker by the bytes of its ONNX file."""

    def __init__(self, content: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Scores [n], float32, of rows [n, columns]."""
        parts = [np.ascontiguousarray(rows[start : start + BATCH], dtype=np.float32) for start in range(0, len(rows), BATCH)]
        found = [self._session.run(["score"], {"features": part})[0].reshape(-1) for part in parts]
        return np.concatenate([*found, np.empty(0, dtype=np.float32)])


class Rankers:
    """Both rankers of a bundle whose digests are right; `version` as records tell it."""

    def __init__(self, folder: Path) -> None:
        found = bundle.read(folder)
        self.folder = folder
        self.manifest = found.manifest
        self.files = found.files
        self.version = f"{found.manifest['name']}@{found.manifest['version']}"
        self.trained_until_ms: int = found.manifest["trainedUntilMs"]
        self._rankers = {name: self._ranker(f"ranker-{name}.onnx") for name in LISTS}

    def check(self, export: Export) -> None:
        """Refuses an export of another region, or of other features than the rankers read."""
        features = (self.manifest["featureSet"] or {}).get("id")
        if self.manifest["region"] != export.region:
            raise TrainingError(f"{self.folder} is of region {self.manifest['region']}, the export of {export.region}")
        if features != export.feature_set["id"]:
            raise TrainingError(f"{self.folder} was trained on the features {features}, the export has {export.feature_set['id']}")

    def scores(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Scores [n] for a list, of rows [n, columns]."""
        return self._rankers[name].scores(rows)

    def document(self, name: str) -> Any:
        """The JSON of a file of the bundle; None where there is none."""
        return json.loads(self.files[name]) if name in self.files else None

    def _ranker(self, name: str) -> Ranker:
        if name not in self.files:
            raise TrainingError(f"{self.folder} has no {name}: there is nothing to compare")
        try:
            return Ranker(self.files[name])
        except Exception as error:  # the runtime's own errors have no class in common
            raise TrainingError(f"{self.folder / name} is no model that the ONNX runtime can load ({error})") from error
