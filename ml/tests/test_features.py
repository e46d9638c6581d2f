"""The comparison of stored and served features, and the declaration that it goes by."""

import pytest

pd = pytest.importorskip("pandas", reason="pandas and Feast are in the environment operations: npm run ml:setup -- operations")

from skillforge_features.declared import Feature, declared, parsed  # noqa: E402
from skillforge_features.errors import FeatureStoreError  # noqa: E402
from skillforge_features.skew import compare, report  # noqa: E402

AT = pd.Timestamp("2025-09-01T10:00:00Z")
KEYS = {"decision": "d", "learner": "ada", "course": "k", "cohort": "c", "item": "i", "event_timestamp": AT}
EVENTS = Feature("events", "INT64", "", 0.0)
AGE = Feature("age", "FLOAT", "", 999.0)


def rows(**columns: list) -> pd.DataFrame:
    return pd.DataFrame({name: [value] * len(next(iter(columns.values()))) for name, value in KEYS.items()} | columns)


def test_equal_is_equal_in_32_bits_and_what_is_not_stored_is_the_fallback():
    found = compare(rows(events=[3, None], seen_events=[3.0, 0.0], age=[0.1, None], seen_age=[0.1, 999.0]), (EVENTS, AGE))
    assert [(one.name, one.rows, one.stored, one.differences, one.largest, one.example) for one in found] == [
        ("events", 2, 1, 0, 0.0, None),
        ("age", 2, 1, 0, 0.0, None),
    ]


def test_differences_are_counted_with_the_largest_and_an_example():
    found = compare(rows(events=[3, 5, None], seen_events=[3.0, 4.0, 7.0]), (EVENTS,))
    (events,) = found
    assert (events.differences, events.largest) == (2, 7.0)
    assert events.example == {name: str(value) for name, value in KEYS.items()} | {"stored": 5.0, "seen": 4.0}
    assert report(found, decisions=1, superseded=2) | {"features": []} == {
        "decisions": 1,
        "rows": 3,
        "superseded": 2,
        "differences": 2,
        "features": [],
    }


def test_numbers_that_differ_in_64_bits_alone_are_the_same():
    (age,) = compare(rows(age=[0.1 + 1e-12], seen_age=[0.1]), (AGE,))
    assert age.differences == 0


def test_the_declaration_of_the_checkout_has_what_the_ranker_sees():
    ranked = declared().ranked("ranking")
    assert {"learner_events_7d", "hours_per_week", "cohort_events_7d", "cohort_age"} <= {one.name for one in ranked}
    assert {view.origin for view in declared().views} == {"stream", "batch"}


def test_a_declaration_knows_its_views_by_name():
    view = {"name": "v", "description": "", "origin": "batch", "source": "v/*.parquet", "entities": ["item"], "ttlMs": None, "features": []}
    assert parsed({"entities": {"item": ""}, "views": [view], "services": []}).view("v").ttl_ms is None


def test_the_last_decision_of_an_instant_stands(tmp_path):
    pytest.importorskip("feast", reason="Feast is in the environment operations: npm run ml:setup -- operations")
    from skillforge_features.history import read_decisions

    path = tmp_path / "decisions.parquet"
    pd.DataFrame({"decision": ["a", "b", "a", "a"], "position": [1, 2, 3, 3], "item": ["x", "x", "x", "y"]}).to_parquet(path)
    standing, superseded = read_decisions(path)
    assert [tuple(one) for one in standing[["decision", "item"]].to_numpy()] == [("b", "x"), ("a", "x"), ("a", "y")]
    assert superseded == 1
    with pytest.raises(FeatureStoreError, match="skillforge features export"):
        read_decisions(tmp_path / "missing.parquet")


def test_what_learners_did_before_they_agreed_again_is_forgotten_until_the_next_midnight():
    pytest.importorskip("feast", reason="Feast is in the environment operations: npm run ml:setup -- operations")
    from skillforge_features.history import forgotten

    def table(entries: list[tuple[str, str]], **columns: list) -> pd.DataFrame:
        times = pd.to_datetime([at for _, at in entries], utc=True, format="ISO8601").as_unit("us")
        return pd.DataFrame({"learner": [who for who, _ in entries], "event_timestamp": times, "created_timestamp": times} | columns)

    contexts = table(
        [("ada", "2025-09-01 08:00"), ("ada", "2025-09-02 08:00"), ("ada", "2025-09-03 08:00"), ("ada", "2025-09-03 09:00"), ("bob", "2025-09-03 08:00")],
        consents_to_profiling=[True, False, True, True, True],
    )
    asked = [("ada", "2025-09-04 00:00"), ("ada", "2025-09-01 12:00"), ("ada", "2025-09-03 12:00"), ("ada", "2025-09-03 23:59:59.998")]
    asked += [("ada", "2025-09-03 23:59:59.999"), ("bob", "2025-09-03 12:00"), ("cid", "2025-09-03 12:00")]
    assert forgotten(table(asked), contexts).tolist() == [False, False, True, True, False, False, False]
