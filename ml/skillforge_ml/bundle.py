"""Model bundles: immutable folders whose version is the digest of their files.

The bytes depend on what was learnt alone: no time of writing, no path, no name of a machine. ``manifest.json`` describes the others and is
not part of the digest; ``manifest.sha256`` beside it is its own, as sha256sum writes it. The version is the first 12 hex digits of the
SHA-256 over one line for each other file, in ascending order of name: the name, a blank, the SHA-256 of its bytes in hex, a line feed.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from skillforge_ml.errors import TrainingError

FORMAT = 1
MANIFEST = "manifest.json"
MANIFEST_DIGEST = "manifest.sha256"
CARD = "model-card.md"


@dataclass(frozen=True)
class Description:
    """What the manifest says besides the files. Times are milliseconds of event time; training saw events of [from, until)."""

    name: str
    region: str
    trained_from_ms: int
    trained_until_ms: int
    data_hash: str
    feature_set: dict[str, Any] | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    opset: int | None = None
    libraries: tuple[str, ...] = ("numpy",)


@dataclass(frozen=True)
class Bundle:
    """A bundle whose digests are right."""

    manifest: dict[str, Any]
    files: dict[str, bytes]


def json_bytes(document: Any) -> bytes:
    """The same document has the same bytes. NaN and infinities are refused: JSON has none."""
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode()


def float32_bytes(values: np.ndarray) -> bytes:
    """Little endian, row by row."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def version_of(digests: Mapping[str, str]) -> str:
    """Version of a bundle with files of these digests, by name."""
    lines = "".join(f"{name} {digests[name]}\n" for name in sorted(digests))
    return sha256(lines.encode())[:12]


def write(out: Path, files: Mapping[str, bytes], description: Description) -> dict[str, Any]:
    """Writes a bundle as a whole or not at all, and returns its manifest. ``out`` must not exist, or be an empty folder."""
    check_free(out)
    digests = {name: sha256(files[name]) for name in sorted(files)}
    manifest = {
        "format": FORMAT,
        "name": description.name,
        "version": version_of(digests),
        "kind": "bundle",
        "region": description.region,
        "featureSet": description.feature_set,
        "trainedFromMs": description.trained_from_ms,
        "trainedUntilMs": description.trained_until_ms,
        "dataHash": description.data_hash,
        "metrics": description.metrics,
        "opset": description.opset,
        "libraries": {name: version(name) for name in sorted(description.libraries)},
        "files": digests,
    }
    text = json.dumps(manifest, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    replace(out, {**files, MANIFEST: text.encode(), MANIFEST_DIGEST: f"{sha256(text.encode())}  {MANIFEST}\n".encode()})
    return manifest


def check_free(out: Path) -> None:
    """Refuses a place where something is: a bundle never changes."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TrainingError(f"{out} is there already: a bundle never changes, name a new folder")


def replace(out: Path, files: Mapping[str, bytes]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        for name, content in files.items():
            (draft / name).write_bytes(content)
        draft.chmod(0o755)
        os.replace(draft, out)  # onto an empty folder, or nothing
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def read(folder: Path) -> Bundle:
    """Reads a bundle and checks all that its manifest promises of its files."""
    manifest = read_manifest(folder)
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name not in (MANIFEST, MANIFEST_DIGEST)}
    digests = {name: sha256(content) for name, content in files.items()}
    for name in sorted(set(digests) | set(manifest["files"])):
        if digests.get(name) != manifest["files"].get(name):
            state = "is missing" if name not in digests else "is not named in the manifest" if name not in manifest["files"] else "was changed"
            raise TrainingError(f"{folder / name} {state}")
    if version_of(digests) != manifest["version"]:
        raise TrainingError(f"{folder} calls itself {manifest['version']}, its files are {version_of(digests)}")
    return Bundle(manifest, files)


def read_manifest(folder: Path) -> dict[str, Any]:
    try:
        content = (folder / MANIFEST).read_bytes()
        if (folder / MANIFEST_DIGEST).read_text(encoding="utf-8").split() != [sha256(content), MANIFEST]:
            raise TrainingError(f"{folder / MANIFEST} was changed: {MANIFEST_DIGEST} says so")
        manifest = json.loads(content)
    except (OSError, ValueError) as error:
        raise TrainingError(f"{folder} is no model bundle: {MANIFEST} cannot be read ({error})") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or not isinstance(manifest.get("files"), dict):
        raise TrainingError(f"{folder / MANIFEST} has not the format {FORMAT}")
    return manifest
