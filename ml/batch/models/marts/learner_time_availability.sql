-- When learners learn, and how much time they say to have.
with told as (
  -- The last statement that was made by the end of the day.
  select made.day, event.learner, event.hours_per_week
  from {{ ref('int_days') }} as made
  join {{ ref('stg_lms_events') }} as event on event.kind = 'AVAILABILITY' and event.day <= made.day
  qualify row_number() over (partition by made.day, event.learner order by event.occurred_at desc, event.log_offset desc) = 1
),

active as (
  select
    made.day,
    learned.learner,
    count(distinct learned.day) filter (where {{ in_window('learned.day', 'made.day', 7) }}) as active_days_7d,
    count(distinct learned.day) as active_days_28d,
    count(*) as active_hours_28d,
    count(*) filter (where learned.hour_of_day < 6) as night_hours,
    count(*) filter (where learned.hour_of_day between 6 and 11) as morning_hours,
    count(*) filter (where learned.hour_of_day between 12 and 17) as afternoon_hours,
    count(*) filter (where learned.hour_of_day >= 18) as evening_hours,
    count(*) filter (where isodow(learned.day) >= 6) as weekend_hours,
    max(learned.last_at) as last_at
  from {{ ref('int_days') }} as made
  join {{ ref('int_learner_hours') }} as learned on {{ in_window('learned.day', 'made.day') }}
  group by made.day, learned.learner
),

spoken_of as (
  select day, learner from active
  union
  select made.day, event.learner
  from {{ ref('int_days') }} as made
  join {{ ref('stg_lms_events') }} as event on {{ in_window('event.day', 'made.day') }}
)

select
  spoken_of.learner,
  {{ timestamps('spoken_of.day') }},
  told.hours_per_week,
  coalesce(active.active_days_7d, 0) as active_days_7d,
  coalesce(active.active_days_28d, 0) as active_days_28d,
  coalesce(active.active_hours_28d, 0) as active_hours_28d,
  active.night_hours / active.active_hours_28d as night_share_28d,
  active.morning_hours / active.active_hours_28d as morning_share_28d,
  active.afternoon_hours / active.active_hours_28d as afternoon_share_28d,
  active.evening_hours / active.active_hours_28d as evening_share_28d,
  active.weekend_hours / active.active_hours_28d as weekend_share_28d,
  {{ days_until_end('active.last_at', 'spoken_of.day') }} as days_since_active
from spoken_of
left join active using (day, learner)
left join told using (day, learner)
