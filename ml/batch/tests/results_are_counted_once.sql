-- Each result of the window is one of its learner, and one of its item.
with counted as (
  select made.day, count(*) as results
  from {{ ref('int_days') }} as made
  join {{ ref('stg_quiz_results') }} as result on {{ in_window('result.day', 'made.day') }}
  group by made.day
),

by_learner as (
  select event_timestamp, sum(results_28d) as results from {{ ref('learner_quiz_scores') }} group by all
),

by_item as (
  select event_timestamp, sum(results_28d) as results from {{ ref('item_difficulty') }} group by all
)

select counted.day, counted.results, by_learner.results as of_learners, by_item.results as of_items
from counted
left join by_learner on by_learner.event_timestamp = (counted.day + 1)::timestamp at time zone 'UTC'
left join by_item on by_item.event_timestamp = (counted.day + 1)::timestamp at time zone 'UTC'
where counted.results is distinct from by_learner.results or counted.results is distinct from by_item.results
