-- What learners did with items. A second record of an event is a repeat.
select
  event_id,
  learner,
  course,
  cohort,
  item,
  action,
  dwell_ms,
  occurred_at,
  occurred_at::date as day
from {{ archived('clicks') }}
where _error is null and not _tombstone
qualify row_number() over (partition by learner, event_id order by _offset) = 1
