"""`cohort_pace` on Spark: the same rows as `models/marts/cohort_pace.sql` makes on DuckDB.

Run by `spark-submit`, or as a program where pyspark is installed: then one machine is the cluster.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

WINDOW_DAYS = 28
WEEK_DAYS = 7
# As `least_learners` of dbt_project.yml.
LEAST_LEARNERS = 5


@dataclass(frozen=True)
class Run:
    """What to make: the days (UTC) of a region, from an archive, into `out/day=…/part.parquet`."""

    archive: Path
    region: str
    days: list[date]
    created_at: str
    out: Path


def committed_clicks(spark: SparkSession, run: Run) -> DataFrame:
    """The clicks that count, of the days that the windows reach, each once.

    Columns: cohort, learner, item, action (string), day (date).
    """
    folder = run.archive / "clicks" / f"region={run.region}"
    commits = [json.loads(path.read_text()) for path in sorted((folder / "_commits").glob("*.json"))]
    wanted = {run_day - timedelta(days=back) for run_day in run.days for back in range(WINDOW_DAYS)}
    paths = [str(folder / f"day={day}") for day in sorted(wanted) if (folder / f"day={day}").is_dir()]
    clicks = spark.read.option("mergeSchema", "true").option("pathGlobFilter", "*.parquet").parquet(str(folder / "day=1970-01-01"), *paths)
    committed = spark.createDataFrame([(one["partition"], one["next"]) for one in commits], "partition int, next long")
    readable = (
        clicks.join(f.broadcast(committed), (f.col("_partition") == f.col("partition")) & (f.col("_offset") < f.col("next")))
        .where(f.col("_error").isNull() & ~f.col("_tombstone"))
    )
    firsts = readable.groupBy("learner", "event_id").agg(
        f.min_by(f.struct("cohort", "item", "action", "occurred_at"), "_offset").alias("click")
    )
    return firsts.select("learner", "click.*").withColumn("day", f.to_date("occurred_at"))


def in_window(days: int) -> Column:
    """Whether `day` is one of the days that end with `made`."""
    return f.col("day").between(f.date_sub("made", days - 1), f.col("made"))


def cohort_pace(spark: SparkSession, clicks: DataFrame, days: list[date], created_at: str) -> DataFrame:
    """One row for each cohort of which enough learners clicked in the window, and day; `made` is the day. Columns besides it are those of the dbt model."""
    made = spark.createDataFrame([(day,) for day in days], "made date")
    by_day = clicks.groupBy("cohort", "learner", "day").agg(f.count("*").alias("events"))
    recent = in_window(WEEK_DAYS)
    active = (
        made.join(by_day, in_window(WINDOW_DAYS))
        .groupBy("made", "cohort", "learner")
        .agg(f.count(f.when(recent, 1)).alias("days_7d"), f.coalesce(f.sum(f.when(recent, f.col("events"))), f.lit(0)).alias("events_7d"))
    )
    completed = (
        made.join(clicks.where(f.col("action") == "COMPLETE"), in_window(WINDOW_DAYS))
        .groupBy("made", "cohort", "learner")
        .agg(f.count_distinct("item").alias("items"))
    )
    paced = active.join(completed, ["made", "cohort", "learner"], "left").fillna(0, ["items"])
    learners_7d = f.count(f.when(f.col("days_7d") > 0, 1))

    def of_many_7d(figure: Column) -> Column:
        # Of the learners of 28 days few may be active in 7: then the figure would be of persons.
        return f.when(learners_7d >= LEAST_LEARNERS, figure)

    def a_learner(total: str) -> Column:
        return of_many_7d(f.sum(total).cast("double") / learners_7d)

    def quantile(share: float) -> Column:
        return f.percentile("items", f.lit(share))

    return (
        paced.groupBy("made", "cohort")
        .agg(
            of_many_7d(learners_7d).alias("active_learners_7d"),
            f.count("*").alias("active_learners_28d"),
            a_learner("events_7d").alias("events_per_learner_7d"),
            a_learner("days_7d").alias("active_days_per_learner_7d"),
            (f.sum("items").cast("double") / f.count("*")).alias("completed_items_mean_28d"),
            quantile(0.25).alias("completed_items_p25_28d"),
            quantile(0.5).alias("completed_items_median_28d"),
            quantile(0.75).alias("completed_items_p75_28d"),
        )
        .where(f.col("active_learners_28d") >= LEAST_LEARNERS)
        .withColumn("event_timestamp", f.date_add("made", 1).cast("timestamp"))
        .withColumn("created_timestamp", f.lit(created_at).cast("timestamp"))
    )


def write_days(rows: DataFrame, run: Run) -> None:
    """Writes one file for each day, also where a day has no rows."""
    columns = ["cohort", "event_timestamp", "created_timestamp"]
    columns += [name for name in rows.columns if name not in {"made", *columns}]
    kept = rows.cache()
    for day in run.days:
        unfinished = run.out / f"day={day}.unfinished"
        kept.where(f.col("made") == f.lit(day)).select(columns).orderBy("cohort").coalesce(1).write.mode("overwrite").parquet(str(unfinished))
        part = next(unfinished.glob("part-*.parquet"))
        folder = run.out / f"day={day}"
        folder.mkdir(exist_ok=True)
        part.replace(folder / "part.parquet")
        for left in unfinished.iterdir():
            left.unlink()
        unfinished.rmdir()


def parsed(args: list[str] | None = None) -> Run:
    """The run that a command line asks for."""
    parser = argparse.ArgumentParser(description="Makes cohort_pace on Spark.")
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--region", default="eu-west")
    parser.add_argument("--days", required=True, help="such as 2025-09-01,2025-09-02")
    parser.add_argument("--created-at", required=True, help="such as 2025-09-03T01:00:00Z")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(args)
    days = sorted(date.fromisoformat(day) for day in given.days.split(","))
    return Run(given.archive, given.region, days, given.created_at, given.out)


def main() -> None:
    """Makes the days of the command line."""
    run = parsed()
    spark = (
        SparkSession.builder.appName("cohort_pace")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    try:
        write_days(cohort_pace(spark, committed_clicks(spark, run), run.days, run.created_at), run)
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
