-- How fast cohorts go, where they are not few. The heaviest model: it reads every click of the window. `ml/batch/spark/cohort_pace.py` is the same on Spark.
-- Of those many, few may be active in 7 days: then what is of these days would be of persons, and is null.
{%- set learners_7d = 'count(*) filter (where days_7d > 0)' %}
with active as (
  select
    made.day,
    learned.cohort,
    learned.learner,
    count(*) filter (where {{ in_window('learned.day', 'made.day', 7) }}) as days_7d,
    coalesce(sum(learned.events) filter (where {{ in_window('learned.day', 'made.day', 7) }}), 0) as events_7d
  from {{ ref('int_days') }} as made
  join {{ ref('int_learner_days') }} as learned on {{ in_window('learned.day', 'made.day') }}
  group by made.day, learned.cohort, learned.learner
),

completed as (
  select
    made.day,
    click.cohort,
    click.learner,
    count(distinct click.item) as items
  from {{ ref('int_days') }} as made
  join {{ ref('stg_clicks') }} as click on click.action = 'COMPLETE' and {{ in_window('click.day', 'made.day') }}
  group by made.day, click.cohort, click.learner
),

paced as (
  select active.*, coalesce(completed.items, 0) as items
  from active
  left join completed using (day, cohort, learner)
)

select
  cohort,
  {{ timestamps('day') }},
  {{ of_many(learners_7d, learners_7d) }} as active_learners_7d,
  count(*) as active_learners_28d,
  {{ of_many('sum(events_7d)::double / ' ~ learners_7d, learners_7d) }} as events_per_learner_7d,
  {{ of_many('sum(days_7d)::double / ' ~ learners_7d, learners_7d) }} as active_days_per_learner_7d,
  sum(items)::double / count(*) as completed_items_mean_28d,
  quantile_cont(items, 0.25) as completed_items_p25_28d,
  quantile_cont(items, 0.5) as completed_items_median_28d,
  quantile_cont(items, 0.75) as completed_items_p75_28d
from paced
group by day, cohort
having count(*) >= {{ var('least_learners') }}
