import numpy as np
import pytest

import exports
from exports import DAY_MS, START_HOUR
from skillforge_ml.export_reader import HOUR_MS, Export
from skillforge_ml.labels import WINDOW_HOURS, label

AT = START_HOUR * HOUR_MS
LATE = AT + 100 * DAY_MS


def labels_of(tmp_path, use_hours, at=AT, until=LATE):
    """Labels of one decision of learner 0 on items 0 and 1, with uses of item 0 at hours after START_HOUR."""
    export = exports.SmallExport(
        items=["x", "y"],
        learners=["l", "m"],
        courses=["A"],
        interactions=[(0, START_HOUR + hour, 0, 0, 1) for hour in use_hours] + [(1, START_HOUR + 1, 1, 0, 1)],
        decisions={"learner": [0], "course": [0], "at": [at], "rows": [2]},
        rows={"item": [0, 1], "source": [0, 0], "next": [0, 1], "new": [0, 1], "weight": [1, 1], "features": [[0, 0], [0, 0]]},
    )
    return label(Export(exports.write(tmp_path / "export", export)), until)


@pytest.mark.parametrize(
    ("hours", "positive"),
    [([-1], False), ([0], True), ([WINDOW_HOURS - 1], True), ([WINDOW_HOURS], False), ([-5, 30, 400], True), ([], False)],
)
def test_a_row_is_positive_where_the_learner_used_the_item_within_seven_days(tmp_path, hours, positive):
    assert labels_of(tmp_path, hours).positive.tolist() == [positive, False]


def test_the_hour_in_which_a_decision_fell_is_not_in_its_window(tmp_path):
    assert labels_of(tmp_path / "same", [0], at=AT + 1).positive.tolist() == [False, False]
    assert labels_of(tmp_path / "next", [1], at=AT + 1).positive.tolist() == [True, False]


def test_a_window_that_has_not_ended_has_no_label(tmp_path):
    open_still = labels_of(tmp_path / "open", [3], until=AT + 7 * DAY_MS - 1)
    assert (open_still.closed.tolist(), open_still.positive.tolist()) == ([False], [False, False])
    assert labels_of(tmp_path / "closed", [3], until=AT + 7 * DAY_MS).closed.tolist() == [True]


def test_what_happens_after_the_instant_of_training_changes_no_label(tmp_path):
    until = AT + 7 * DAY_MS
    known, more = labels_of(tmp_path / "a", [], until=until), labels_of(tmp_path / "b", [WINDOW_HOURS, WINDOW_HOURS + 1], until=until)
    np.testing.assert_array_equal(known.positive, more.positive)
