import hashlib
import json

import pytest

from skillforge_ml import bundle
from skillforge_ml.__main__ import main
from skillforge_ml.errors import TrainingError

DESCRIPTION = bundle.Description("test", "eu-west", 1, 2, "sha256:0")
FILES = {"b.json": b"{}\n", "a.f32": b"1234"}


def test_the_version_is_the_digest_of_the_files(tmp_path):
    manifest = bundle.write(tmp_path / "one", FILES, DESCRIPTION)
    lines = "".join(f"{name} {hashlib.sha256(FILES[name]).hexdigest()}\n" for name in ("a.f32", "b.json"))
    assert manifest["version"] == hashlib.sha256(lines.encode()).hexdigest()[:12]
    found = bundle.read(tmp_path / "one")
    assert found.files == FILES
    assert found.manifest == manifest


def test_equal_bundles_have_equal_bytes(tmp_path):
    for name in ("one", "two"):
        bundle.write(tmp_path / name, FILES, DESCRIPTION)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two


def test_a_bundle_is_never_overwritten(tmp_path):
    bundle.write(tmp_path / "one", FILES, DESCRIPTION)
    with pytest.raises(TrainingError, match="is there already"):
        bundle.write(tmp_path / "one", FILES, DESCRIPTION)
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: (folder / "a.f32").write_bytes(b"1235"), "a.f32 was changed"),
        (lambda folder: (folder / "a.f32").unlink(), "a.f32 is missing"),
        (lambda folder: (folder / "c").write_bytes(b""), "c is not named in the manifest"),
        (lambda folder: (folder / bundle.MANIFEST).write_bytes(b"{}"), "manifest.json was changed: manifest.sha256 says so"),
        (lambda folder: (folder / bundle.MANIFEST_DIGEST).unlink(), "is no model bundle"),
        (lambda folder: rename(folder), "calls itself 000000000000"),
    ],
)
def test_verify_finds_what_was_changed(tmp_path, capsys, harm, message):
    folder = tmp_path / "one"
    bundle.write(folder, FILES, DESCRIPTION)
    assert main(["verify", str(folder)]) == 0
    harm(folder)
    assert main(["verify", str(folder)]) == 1
    assert message in capsys.readouterr().err


def rename(folder):
    """Another version in the manifest, with the digest that belongs to it."""
    text = json.dumps(json.loads((folder / bundle.MANIFEST).read_text()) | {"version": "0" * 12})
    (folder / bundle.MANIFEST).write_text(text)
    (folder / bundle.MANIFEST_DIGEST).write_text(f"{bundle.sha256(text.encode())}  {bundle.MANIFEST}\n")
