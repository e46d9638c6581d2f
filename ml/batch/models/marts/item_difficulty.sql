-- How hard the items of quizzes are, where not few learners tell it: by first attempts, drawn to a half where there are few (rule of succession).
-- Whose client never tells attempts has several first ones, so learners are counted, not results. Of those many, few may have a first attempt within
-- the window: then what is of these would be of persons, and is null.
with answered as (
  select
    made.day,
    result.item,
    count(*) as results_28d,
    count(distinct result.learner) as learners_28d,
    {{ exact_mean('result.score') }} as mean_score_28d,
    count(*) filter (where result.attempts = 1) as first_results_28d,
    count(distinct result.learner) filter (where result.attempts = 1) as first_learners_28d,
    count(*) filter (where result.attempts = 1 and result.correct) as first_correct
  from {{ ref('int_days') }} as made
  join {{ ref('stg_quiz_results') }} as result on {{ in_window('result.day', 'made.day') }}
  group by made.day, result.item
  having count(distinct result.learner) >= {{ var('least_learners') }}
)

select
  answered.item,
  {{ timestamps('answered.day') }},
  answered.results_28d,
  answered.learners_28d,
  answered.mean_score_28d,
  {{ of_many('answered.first_results_28d', 'answered.first_learners_28d') }} as first_results_28d,
  {{ of_many('answered.first_learners_28d', 'answered.first_learners_28d') }} as first_learners_28d,
  {{ of_many('answered.first_correct / answered.first_results_28d', 'answered.first_learners_28d') }} as first_correct_share_28d,
  {{ of_many('(answered.first_results_28d - answered.first_correct + 1) / (answered.first_results_28d + 2)', 'answered.first_learners_28d') }} as difficulty,
  stated.difficulty as catalogue_difficulty
from answered
left join {{ ref('stg_catalogue') }} as stated
  on stated.item = answered.item
  and stated.updated_at < (answered.day + 1)::timestamp
  and (stated.replaced_at is null or stated.replaced_at >= (answered.day + 1)::timestamp)
