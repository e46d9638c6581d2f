"""The training set as Feast joins it: for each candidate of each logged decision what was stored at that instant."""

from pathlib import Path

import pandas as pd
from feast import FeatureStore

from skillforge_features.declared import declared
from skillforge_features.errors import FeatureStoreError

SERVICE = "ranking"
# What learners do, day by day; nobody looks at what they did before they agreed to it.
BEHAVIOUR = "learner_engagement"
CONTEXT = "learner_context"
KEYS = ["learner", "course", "cohort", "item", "event_timestamp"]
SEEN = "seen_"
TIME = "datetime64[us, UTC]"
MILLISECOND = pd.Timedelta(milliseconds=1)


def read_decisions(path: Path) -> tuple[pd.DataFrame, int]:
    """
    The candidates of the feature log, a row each: `decision`, the keys, and in `seen_<feature>` what the ranker saw. A learner may have several
    decisions at one instant, as one piece of news follows the other; the last one stands, and the number of rows of the others comes with it.
    """
    rows = read(path)
    last = rows.groupby("decision")["position"].transform("max")
    standing = rows[rows["position"] == last].reset_index(drop=True)
    return standing, len(rows) - len(standing)


def read(path: Path) -> pd.DataFrame:
    """A table of the export. Its instants are UTC, in microseconds."""
    try:
        rows = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise FeatureStoreError(f"{path} cannot be read ({error}): skillforge features export writes it") from error
    return rows.astype({name: TIME for name in rows.columns.intersection(["event_timestamp", "created_timestamp"])})


def training_set(store: FeatureStore, features: Path, decisions: pd.DataFrame) -> pd.DataFrame:
    """The decisions with the stored features of their candidates, as of `event_timestamp`: empty where nothing was stored, or it had expired."""
    asked = decisions[KEYS].drop_duplicates(ignore_index=True)
    found = store.get_historical_features(entity_df=asked, features=store.get_feature_service(SERVICE)).to_df()
    if len(found) != len(asked):
        raise FeatureStoreError(f"Feast gave {len(found)} rows for {len(asked)} that were asked for")
    rows = decisions.merge(found.astype({"event_timestamp": TIME}), on=KEYS, how="left", validate="many_to_one")
    behaviour = [one.name for one in declared().view(BEHAVIOUR).features]
    rows.loc[forgotten(rows, read(features / declared().view(CONTEXT).source)), behaviour] = None
    return rows


def forgotten(rows: pd.DataFrame, contexts: pd.DataFrame) -> pd.Series:
    """
    Whether the decision of a row knew nothing of what its learner did before: they had refused profiling, agreed again, and no midnight (UTC), when
    their days are told anew, has passed since. `contexts`: the stored rows of `learner_context`.
    """
    told = contexts.sort_values(["event_timestamp", "created_timestamp"], kind="stable")
    refused = told.groupby("learner")["consents_to_profiling"].shift().eq(False)
    agreed = told.loc[refused & told["consents_to_profiling"], ["learner", "event_timestamp"]].rename(columns={"event_timestamp": "agreed_at"})
    asked = rows[["learner", "event_timestamp"]].reset_index(names="row").sort_values("event_timestamp", kind="stable")
    last = pd.merge_asof(asked, agreed, left_on="event_timestamp", right_on="agreed_at", by="learner").set_index("row")["agreed_at"]
    # Windows that end at midnight are told of in the last millisecond before it.
    told_at = (rows["event_timestamp"] + MILLISECOND).dt.floor("D") - MILLISECOND
    return last.reindex(rows.index) > told_at
