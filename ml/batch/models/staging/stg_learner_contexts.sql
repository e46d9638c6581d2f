-- States of learners as serving saw them, each until the next one of its learner. Nobody has a segment who does not agree to profiling.
with once as (
  select
    learner,
    as_of,
    case when consent_profiling then segment end as segment,
    hours_per_week,
    _offset
  from {{ archived('learner-contexts') }}
  where _error is null and not _tombstone
  qualify row_number() over (partition by learner, as_of order by _offset desc) = 1
)

select
  learner,
  as_of,
  segment,
  hours_per_week,
  lead(as_of) over (partition by learner order by as_of) as replaced_at
from once
