import json

import exports
import numpy as np
import pytest
import rankings
from rankings import CLOSE, DEGREES, FROM_MS, LATE, LEARNERS, MARK, UNTIL_MS, rankers, steps

from skillforge_ml import compare, reference
from skillforge_ml.__main__ import main
from skillforge_ml.errors import TrainingError
from skillforge_ml.export_reader import Export
from skillforge_ml.intervals import relative_difference
from skillforge_ml.onnx_scoring import Rankers

FINE = [n / 4 for n in range(-120, 0)]
COARSE = [-10.0, -5.0]
# The nearer to what the course does, the higher its score.
GOOD = steps(CLOSE, FINE)
FAIR = steps(CLOSE, COARSE)
NEGATED = steps(CLOSE, FINE, sign=-1)
# As good as can be for learners from school; what is far comes first for those with a degree.
UNFAIR = (MARK, 0.5, GOOD, steps(CLOSE, [-10.0], sign=-1))
LISTS = ("next", "new")


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    return Export(exports.write(tmp_path_factory.mktemp("compare") / "export", rankings.export()))


@pytest.fixture(scope="module")
def against(export, tmp_path_factory):
    """Compares two rankers by their trees; without a champion with what was listed."""
    folder = tmp_path_factory.mktemp("bundles")
    made = {}

    def made_of(spec):
        if spec not in made:
            made[spec] = Rankers(rankers(folder / str(len(made)), spec))
        return made[spec]

    def result(candidate, champion=None):
        opponent = None if champion is None else made_of(champion)
        return compare.compared(export, made_of(candidate), opponent, FROM_MS, UNTIL_MS, lambda _: None)

    return result


def group(result, name, attribute, value):
    return next((one["measured"] for one in result["lists"][name]["groups"] if (one["attribute"], one["value"]) == (attribute, value)), None)


def test_the_better_ranker_is_better_with_its_whole_interval(against):
    result = against(GOOD, FAIR)
    for name in LISTS:
        found = result["lists"][name]["measured"]
        assert found["candidate"] > found["opponent"]
        assert found["difference"] == pytest.approx(found["candidate"] / found["opponent"] - 1, abs=1e-4)
        assert 0 < found["low"] < found["difference"] < found["high"]
        assert found["learners"] == LEARNERS


def test_a_ranker_equals_itself(against):
    result = against(GOOD, GOOD)
    for name in LISTS:
        found = result["lists"][name]["measured"]
        assert (found["difference"], found["low"], found["high"]) == (0, 0, 0)


@pytest.mark.parametrize("poison", [NEGATED, steps(MARK, [2.0]), 0.0], ids=["negated", "nothing to tell rows by", "constant"])
def test_a_poisoned_ranker_loses_by_far(against, poison):
    for champion in (GOOD, None):
        result = against(poison, champion)
        for name in LISTS:
            assert result["lists"][name]["measured"]["high"] < -0.1


def test_without_a_champion_the_opponent_is_the_order_that_was_listed(against):
    result = against(GOOD)
    assert result["opponent"] == "logged"
    for name in LISTS:
        assert abs(result["lists"][name]["measured"]["difference"]) < 0.03


def test_a_ranker_that_is_good_on_the_mean_may_be_bad_for_a_group(against):
    result = against(UNFAIR, steps(CLOSE, [-15.0]))
    for name in LISTS:
        assert result["lists"][name]["measured"]["low"] > 0
        assert group(result, name, "education", "school")["low"] > 0
        degrees = group(result, name, "education", "degree")
        assert degrees["high"] < -0.05 and degrees["learners"] == DEGREES


def test_learners_in_their_first_seven_days_are_a_group(against):
    result = against(GOOD, FAIR)
    newcomers = group(result, "next", "enrolled", "in the first 7 days")
    assert newcomers["learners"] == LATE
    assert newcomers["decisions"] < result["lists"]["next"]["measured"]["decisions"] / 2


def test_a_group_that_is_too_small_is_counted_and_not_named(against):
    result = against(GOOD, FAIR)
    assert result["lists"]["next"]["smallGroups"] == 1
    assert "chess" not in json.dumps(result)
    assert group(result, "next", "club", "none") is not None


def test_who_refuses_profiling_is_not_looked_at(export, against, tmp_path):
    refusing = rankings.export()
    for profile in refusing.profiles[:DEGREES]:
        profile |= {"consent": False, "attributes": {}}
    candidate = Rankers(rankers(tmp_path / "good", GOOD))
    result = compare.compared(Export(exports.write(tmp_path / "export", refusing)), candidate, None, FROM_MS, UNTIL_MS, lambda _: None)
    assert result["decisions"] == against(GOOD)["decisions"] * (LEARNERS - DEGREES) / LEARNERS
    assert group(result, "next", "education", "degree") is None


def test_decisions_whose_week_is_not_over_judge_nobody(tmp_path):
    export = Export(exports.write(tmp_path / "export", rankings.export()))
    candidate = Rankers(rankers(tmp_path / "good", GOOD))
    last = export.decisions.at.max()
    result = compare.compared(export, candidate, None, last, last + 1, lambda _: None)
    assert (result["decisions"], result["labelled"]) == (LEARNERS, 0)
    assert [result["lists"][name]["measured"] for name in LISTS] == [None, None]


def with_reference(export, folder):
    """A bundle that was trained on the decisions that are compared."""
    at = np.asarray(export.decisions.at)
    sample = reference.sample_of(export, (at >= FROM_MS) & (at < UNTIL_MS))
    plain = rankers(folder / "plain", GOOD)
    return rankers(folder / "with-reference", GOOD, files={reference.REFERENCE: rankings.reference_of(plain, sample)})


def test_what_has_not_moved_has_no_drift_and_what_has_is_told_by_name(export, tmp_path):
    bundle = with_reference(export, tmp_path)
    same = compare.compared(export, Rankers(bundle), None, FROM_MS, UNTIL_MS, lambda _: None)
    assert [one["psi"] for one in same["inputs"]] == [0, 0, 0, 0]
    assert same["scores"] == {"next": 0, "new": 0}
    shifted = rankings.export()
    shifted.rows["features"][:, CLOSE] *= 2
    moved = compare.compared(Export(exports.write(tmp_path / "export", shifted)), Rankers(bundle), None, FROM_MS, UNTIL_MS, lambda _: None)
    by_name = {one["name"]: one["psi"] for one in moved["inputs"]}
    assert by_name["own_days"] > 0.25
    assert (by_name["opened"], by_name["noise"]) == (0, 0)
    assert min(moved["scores"].values()) > 0.25


def test_without_a_reference_drift_is_not_told(against):
    result = against(GOOD)
    assert (result["inputs"], result["scores"]) == (None, None)


def test_the_command_prints_one_document(export, tmp_path, capsys):
    bundles = [rankers(tmp_path / name, spec) for name, spec in (("one", GOOD), ("two", FAIR))]
    arguments = ["compare", "--export", str(export.folder), "--from", str(FROM_MS), "--until", str(UNTIL_MS)]
    assert main([*arguments, "--candidate", str(bundles[0]), "--champion", str(bundles[1]), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["candidate"], result["opponent"]) == tuple(Rankers(one).version for one in bundles)
    assert main([*arguments, "--candidate", str(bundles[0]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["opponent"] == "logged"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"until_ms": FROM_MS + 1}, "cannot judge it"),
        ({"region": "us-east"}, "is of region us-east, the export of eu-west"),
        ({"features": "item-features:other"}, "was trained on the features item-features:other"),
        ({"files": {"ranker-new.onnx": b"nothing"}}, "that the ONNX runtime can load"),
    ],
)
def test_what_cannot_be_compared_is_refused_as_candidate_and_as_champion(export, tmp_path, capsys, changed, message):
    fine, other = rankers(tmp_path / "fine", GOOD), rankers(tmp_path / "other", GOOD, **changed)
    for candidate, champion in ((fine, other), (other, fine)):
        arguments = ["compare", "--export", str(export.folder), "--from", str(FROM_MS), "--until", str(UNTIL_MS)]
        assert main([*arguments, "--candidate", str(candidate), "--champion", str(champion)]) == 1
        assert message in capsys.readouterr().err


def test_a_range_without_decisions_is_refused(export, tmp_path):
    candidate = Rankers(rankers(tmp_path / "good", GOOD))
    with pytest.raises(TrainingError, match="no decision from"):
        compare.compared(export, candidate, None, UNTIL_MS + 10**12, UNTIL_MS + 2 * 10**12, lambda _: None)


def test_an_interval_knows_that_decisions_of_a_learner_are_alike():
    random = np.random.default_rng(5)
    better = np.repeat(random.random(20) < 0.5, 50)
    ours, theirs = 0.5 + 0.2 * better, np.full(1000, 0.55)
    by_learner = relative_difference(ours, theirs, np.repeat(np.arange(20), 50))
    by_decision = relative_difference(ours, theirs, np.arange(1000))
    assert by_learner.difference == pytest.approx(by_decision.difference)
    assert by_learner.high - by_learner.low > 3 * (by_decision.high - by_decision.low)


def test_there_is_no_share_of_nothing():
    assert relative_difference(np.ones(3), np.zeros(3), np.arange(3)) is None
