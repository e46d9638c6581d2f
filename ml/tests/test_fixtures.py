import json

import numpy as np

import fixtures
from skillforge_ml import bundle


def test_what_serving_is_compared_with_is_up_to_date():
    """Up to the last bits, in which processors differ: `python ml/tests/fixtures.py` writes it again."""
    files, _, learned = fixtures.make()
    found = bundle.read(fixtures.FOLDER / "bundle").files
    assert set(found) == set(files)
    for name, content in files.items():
        if name.endswith(".f32"):
            np.testing.assert_allclose(np.frombuffer(found[name], "<f4"), np.frombuffer(content, "<f4"), atol=1e-5)
        elif not name.endswith(".usearch"):
            assert found[name] == content, name
    expected = json.loads((fixtures.FOLDER / "expected.json").read_text(encoding="utf-8"))
    assert close(expected, json.loads(json.dumps(learned)))


def close(a, b) -> bool:
    """The same document, numbers within 1e-5."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(close(a[name], b[name]) for name in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(close(*pair) for pair in zip(a, b, strict=True))
    return abs(a - b) < 1e-5 if isinstance(a, float) else a == b
