import numpy as np
import pytest

import exports
from skillforge_ml.errors import TrainingError
from skillforge_ml.export_reader import HOUR_MS, Export


def small() -> exports.SmallExport:
    return exports.SmallExport(
        items=["x", "y"],
        learners=["l"],
        courses=["A"],
        interactions=[(0, 102, 1, 0, 5), (0, 100, 0, 0, 3)],
        decisions={"learner": [0, 0], "course": [0, 0], "at": [1e12, 1e12 + 0.5], "rows": [1, 2]},
        rows={"item": [0, 1, 0], "source": [0, 1, 0], "next": [0, -1, 2], "new": [-1, 0, -1], "weight": [1, 2, 1], "features": [[1, 2], [3, 4], [5, np.nan]]},
    )


def test_reads_what_was_written(tmp_path):
    export = Export(exports.write(tmp_path / "export", small()))
    assert export.interactions.hour.tolist() == [100, 102]
    assert export.interactions.events.tolist() == [3, 5]
    assert export.decisions.at.tolist() == [1e12, 1e12 + 0.5]
    assert export.rows.new.tolist() == [-1, 0, -1]
    np.testing.assert_array_equal(export.rows.features, np.float32([[1, 2], [3, 4], [5, np.nan]]))


def test_an_hour_counts_when_it_has_ended(tmp_path):
    interactions = Export(exports.write(tmp_path / "export", small())).interactions
    assert len(interactions.before(103 * HOUR_MS)) == 2
    assert len(interactions.before(103 * HOUR_MS - 1)) == 1
    assert len(interactions.before(100 * HOUR_MS)) == 0


def test_an_empty_export_can_be_read(tmp_path):
    export = Export(exports.write(tmp_path / "export", exports.SmallExport([], [], [])))
    assert (len(export.interactions), len(export.decisions), export.rows.features.shape) == (0, 0, (0, 2))


def test_refuses_what_is_damaged(tmp_path):
    folder = exports.write(tmp_path / "export", small())
    (folder / "rows.weight.f32").write_bytes(b"1234")
    with pytest.raises(TrainingError, match="rows.weight.f32 has 4 bytes, export.json promises 12"):
        Export(folder)
    with pytest.raises(TrainingError, match="is no training export"):
        Export(tmp_path)


def test_the_digest_of_parts_follows_their_bytes(tmp_path):
    folder = exports.write(tmp_path / "export", small())
    before = Export(folder)
    digests = before.data_hash(("interactions",)), before.data_hash(("rows",))
    (folder / "rows.weight.f32").write_bytes(np.float32([9, 9, 9]).tobytes())
    after = Export(folder)
    assert after.data_hash(("interactions",)) == digests[0]
    assert after.data_hash(("rows",)) != digests[1]
