-- No more learners in segments than there are who agree to profiling and have one.
with agreed as (
  select made.day, count(distinct context.learner) as learners
  from {{ ref('int_days') }} as made
  join {{ ref('stg_learner_contexts') }} as context on context.segment is not null and context.as_of < (made.day + 1)::timestamp
  group by made.day
)

select profile.event_timestamp, sum(profile.learners) as in_segments, any_value(agreed.learners) as agreed
from {{ ref('segment_profiles') }} as profile
left join agreed on profile.event_timestamp = (agreed.day + 1)::timestamp at time zone 'UTC'
group by profile.event_timestamp
having sum(profile.learners) > coalesce(any_value(agreed.learners), 0)
