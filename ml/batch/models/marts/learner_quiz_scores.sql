-- How learners did in quizzes.
select
  result.learner,
  {{ timestamps('made.day') }},
  count(*) filter (where {{ in_window('result.day', 'made.day', 7) }}) as results_7d,
  count(*) as results_28d,
  count(distinct result.item) as quizzes_28d,
  {{ exact_mean('result.score', in_window('result.day', 'made.day', 7)) }} as mean_score_7d,
  {{ exact_mean('result.score') }} as mean_score_28d,
  count(*) filter (where result.correct) / count(*) as correct_share_28d,
  count(*) / count(distinct result.item) as attempts_per_quiz_28d,
  {{ days_until_end('max(result.occurred_at)', 'made.day') }} as days_since_result
from {{ ref('int_days') }} as made
join {{ ref('stg_quiz_results') }} as result on {{ in_window('result.day', 'made.day') }}
group by result.learner, made.day
