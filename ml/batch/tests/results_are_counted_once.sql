-- Each result of the window is one of its learner, and one of its item, where not few learners have results of it.
with results_of_items as (
  select made.day, result.item, count(*) as results, count(distinct result.learner) as learners
  from {{ ref('int_days') }} as made
  join {{ ref('stg_quiz_results') }} as result on {{ in_window('result.day', 'made.day') }}
  group by made.day, result.item
),

counted as (
  select
    day,
    sum(results) as results,
    coalesce(sum(results) filter (where learners >= {{ var('least_learners') }}), 0) as results_of_many
  from results_of_items
  group by day
),

by_learner as (
  select event_timestamp, sum(results_28d) as results from {{ ref('learner_quiz_scores') }} group by all
),

by_item as (
  select event_timestamp, sum(results_28d) as results from {{ ref('item_difficulty') }} group by all
)

select counted.day, counted.results, by_learner.results as of_learners, counted.results_of_many, by_item.results as of_items
from counted
left join by_learner on by_learner.event_timestamp = (counted.day + 1)::timestamp at time zone 'UTC'
left join by_item on by_item.event_timestamp = (counted.day + 1)::timestamp at time zone 'UTC'
where counted.results is distinct from by_learner.results or counted.results_of_many <> coalesce(by_item.results, 0)
