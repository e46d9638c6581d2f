"""The daily loop: yesterday's events become batch features and a training set, a model is trained, judged, and if it is good enough, put in front of learners.

A run belongs to one day (UTC), and every path and instant in it to that day, so that a run can be repeated and a past day done later
(``airflow backfill create``). What tasks need to know about this installation comes as environment variables: those of the commands themselves
(``SKILLFORGE_DATA`` or ``SKILLFORGE_KAFKA``, ``SKILLFORGE_REGION``, ``MLFLOW_TRACKING_URI``, …), ``SKILLFORGE_COMMAND``, ``SKILLFORGE_DEADLINE_HOURS``, and ``SKILLFORGE_LOOP``, the
folder that archive, features, exports and training runs lie in.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, AsyncCallback, CronDataIntervalTimetable, DeadlineAlert, DeadlineReference, Param
from skillforge_airflow import SkillForgeOperator, deadline_missed

FOLDER = Path(os.environ.get("SKILLFORGE_LOOP", "skillforge-loop")).absolute()
# What a learner used in the week after a decision tells how good it was.
LABEL_DAYS = 7


def ms(instant: datetime, days: int = 0) -> int:
    """Milliseconds since the epoch, so many days earlier."""
    return int((instant - timedelta(days=days)).timestamp() * 1000)


def day(instant: datetime) -> str:
    """The date, as folders are named by it."""
    return instant.strftime("%Y-%m-%d")


def run_before(instant: datetime) -> str:
    """Folder of the last training run of the days before an instant; nothing where there is none."""
    earlier = sorted(path for path in (FOLDER / "runs").glob("????-??-??") if path.name < day(instant))
    return str(earlier[-1]) if earlier else ""


def within(hours: float) -> DeadlineAlert | None:
    """When somebody is told that a day takes too long; nobody where the hours are 0, which ``airflow dags test`` needs (apache/airflow#73428)."""
    if hours == 0:
        return None
    return DeadlineAlert(reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=timedelta(hours=hours), callback=AsyncCallback(deadline_missed))


# Rows of the batch hold for two days; one that comes later is of no use to decisions of now.
HOLDS = timedelta(days=2)


def known_from(end: datetime) -> str:
    """From when on decisions see the rows of a day: from now on as long as they hold, else from its end, as where past days are done later."""
    return "now" if end < datetime.now(UTC) < end + HOLDS - timedelta(hours=1) else str(ms(end))


DAY = "{{ day(data_interval_start) }}"
BEGIN, END = "{{ ms(data_interval_start) }}", "{{ ms(data_interval_end) }}"
# The model learns from what happened before; decisions of the days after, whose week has ended, judge it.
TRAINED_UNTIL = f"{{{{ ms(data_interval_end, {LABEL_DAYS} + params.judged_days) }}}}"
JUDGED_UNTIL = f"{{{{ ms(data_interval_end, {LABEL_DAYS}) }}}}"
EXPORT = str(FOLDER / "exports" / DAY)
VERSION = "{{ ti.xcom_pull(task_ids='train')['summary']['number'] }}"
# What the last run learnt from, that of the day included.
REFERENCE = "{{ run_before(data_interval_end) }}/bundle"
REASON = ["--by=airflow", f"--reason=daily loop of {DAY}"]
TRAINING = [f"--export={EXPORT}", f"--until={TRAINED_UNTIL}", "--previous={{ run_before(data_interval_start) }}", "--accept={{ params.accept }}"]

with DAG(
    dag_id="skillforge_daily",
    description="Batch features, training, gates and promotion, once a day",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    # Past days are done when somebody asks for them, one at a time: each is compared with what decides then.
    catchup=False,
    max_active_runs=1,
    params={
        "judged_days": Param(1, type="integer", minimum=1, description="days whose decisions judge the model"),
        "accept": Param("", type="string", description="checks of the data that may fail in this run, with commas between"),
    },
    user_defined_macros={"ms": ms, "day": day, "run_before": run_before, "known_from": known_from},
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
        "execution_timeout": timedelta(hours=1),
    },
    deadline=within(hours=float(os.environ.get("SKILLFORGE_DEADLINE_HOURS", "6"))),
    tags=["skillforge"],
    doc_md=__doc__,
):
    archive = SkillForgeOperator(task_id="archive", arguments=["archive", f"--out={FOLDER / 'archive'}", "--until-end"])
    batch = SkillForgeOperator(
        task_id="batch", arguments=["batch", "run", f"--archive={FOLDER / 'archive'}", f"--out={FOLDER / 'features'}", f"--from={DAY}"]
    )
    publish = SkillForgeOperator(
        task_id="publish",
        arguments=["features", "publish", f"--features={FOLDER / 'features'}", f"--from={DAY}", "--at={{ known_from(data_interval_end) }}"],
    )
    materialise = SkillForgeOperator(
        task_id="materialise", arguments=["features", "materialize", f"--features={FOLDER / 'features'}", f"--from={BEGIN}", f"--until={END}"]
    )
    export = SkillForgeOperator(task_id="export", arguments=["training", "export", f"--out={EXPORT}", f"--until={END}"])
    validate = SkillForgeOperator(task_id="validate", arguments=["training", "validate", *TRAINING])
    train = SkillForgeOperator(
        task_id="train",
        arguments=["training", "run", *TRAINING, f"--out={FOLDER / 'runs' / DAY}"],
        execution_timeout=timedelta(hours=4),
    )
    # A version that fails a gate ends the run here: nothing below is done, and the model that decides stays.
    gate = SkillForgeOperator(
        task_id="gate", arguments=["model", "gate", VERSION, f"--export={EXPORT}", f"--from={TRAINED_UNTIL}", f"--until={JUDGED_UNTIL}"]
    )
    stage = SkillForgeOperator(task_id="stage", arguments=["model", "stage", VERSION, *REASON])
    promote = SkillForgeOperator(task_id="promote", arguments=["model", "promote", VERSION, *REASON])
    report = SkillForgeOperator(
        task_id="report",
        arguments=["drift", "report", f"--reference={REFERENCE}", f"--current={EXPORT}", f"--from={BEGIN}", f"--until={END}", f"--out={FOLDER / 'drift' / DAY}"],
    )

    archive >> batch >> [publish, materialise]
    [materialise, export] >> validate >> train >> gate >> stage >> promote
    # Also told of a day that failed; whether the run has failed is for the others to say.
    promote >> report.as_teardown()
