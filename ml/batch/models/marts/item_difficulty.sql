-- How hard the items of quizzes are: by first attempts, drawn to a half where there are few (rule of succession).
with answered as (
  select
    made.day,
    result.item,
    count(*) as results_28d,
    count(distinct result.learner) as learners_28d,
    {{ exact_mean('result.score') }} as mean_score_28d,
    count(*) filter (where result.attempts = 1) as first_results_28d,
    count(*) filter (where result.attempts = 1 and result.correct) as first_correct
  from {{ ref('int_days') }} as made
  join {{ ref('stg_quiz_results') }} as result on {{ in_window('result.day', 'made.day') }}
  group by made.day, result.item
)

select
  answered.item,
  {{ timestamps('answered.day') }},
  answered.results_28d,
  answered.learners_28d,
  answered.mean_score_28d,
  answered.first_results_28d,
  answered.first_correct / nullif(answered.first_results_28d, 0) as first_correct_share_28d,
  (answered.first_results_28d - answered.first_correct + 1) / (answered.first_results_28d + 2) as difficulty,
  stated.difficulty as catalogue_difficulty
from answered
left join {{ ref('stg_catalogue') }} as stated
  on stated.item = answered.item
  and stated.updated_at < (answered.day + 1)::timestamp
  and (stated.replaced_at is null or stated.replaced_at >= (answered.day + 1)::timestamp)
