"""The model card of a bundle with rankers."""

from skillforge_ml.bundle import Description
from skillforge_ml.examples import LISTS
from skillforge_ml.retrieval_card import day

MEASURES = {
    "decisions": "decisions learnt from",
    "rows": "their rows",
    "trees": "trees",
    "heldOut": "later decisions held out to choose the number of trees",
    "ndcg@10": "NDCG@10 on them, learnt without them",
    "popularity": "NDCG@10 of the order by events of the last week, on the same",
}


def card(description: Description, dropped: tuple[str, ...], retrieval_card: bytes | None, note: str | None = None) -> str:
    """Text of the card, with that of the retrieval beneath. It says nothing of when or where it was written."""
    rows = "\n".join(
        f"| {text} | " + " | ".join("none" if description.metrics[name][key] is None else str(description.metrics[name][key]) for name in LISTS) + " |"
        for key, text in MEASURES.items()
    )
    columns = description.feature_set["columns"] if description.feature_set else []
    beneath = "" if retrieval_card is None else "\n" + retrieval_card.decode()
    purpose = "" if note is None else f"\n{note}\n"
    return f"""# Rankers of two lists
{purpose}
## Intended use

Ordering candidates of one course for one learner: `next` (whatever is best to do next) and `new` (not opened before). Not for judging
learners, not for comparing learners or courses, and not outside of region `{description.region}`. People may overrule every list.

## Model

Two LambdaMART models (LightGBM), one for each list, of {len(columns)} features (`{(description.feature_set or {}).get("id")}`).
{"All features may be used." if not dropped else "Not used, for comparison: " + ", ".join(dropped) + "."} The features hold no attribute of a person: no gender, age, disability or region.
`parity.json` has made-up rows with their scores, `reference.json` deciles of features and scores over the last week of the data.

## Data

Decisions logged for learners who agree to profiling, from {day(description.trained_from_ms)}, with what they used in the 7 days after,
as far as these had ended by {day(description.trained_until_ms)}. Digest: `{description.data_hash}`.

| figure | {" | ".join(LISTS)} |
|---|---|---|
{rows}

## Groups of learners

Quality by group of learners is measured outside of training, where attributes may be read: `skillforge model gate` compares each group with
the model before. A model that was not measured so should not be put in front of learners.

## Limits

It learns what learners do, not what helps them. Only what was logged is learnt from: the items shown, and a sample of the others. Decisions
that brought no use within 7 days teach nothing. A course whose learners behave unlike those of the data is ranked by habits of others
until training has seen it.
{beneath}"""
