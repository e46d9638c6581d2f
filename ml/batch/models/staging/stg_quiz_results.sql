-- Quizzes handed in. Results that were carried over from an earlier presentation tell nothing of the window, and are left out.
select
  event_id,
  learner,
  course,
  cohort,
  item,
  score,
  attempts,
  correct,
  occurred_at,
  occurred_at::date as day
from {{ archived('quiz-results') }}
where _error is null and not _tombstone and not banked
qualify row_number() over (partition by learner, event_id order by _offset) = 1
