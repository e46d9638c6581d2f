-- What the learning management system says about learners.
select
  event_id,
  learner,
  course,
  cohort,
  kind,
  hours_per_week,
  occurred_at,
  occurred_at::date as day,
  _offset as log_offset
from {{ archived('lms-events') }}
where _error is null and not _tombstone
qualify row_number() over (partition by learner, event_id order by _offset) = 1
