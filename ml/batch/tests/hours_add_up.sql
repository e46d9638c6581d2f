-- Shares of the hours of a learner make all of them, and hours are no more than days have.
select *
from {{ ref('learner_time_availability') }}
where abs(night_share_28d + morning_share_28d + afternoon_share_28d + evening_share_28d - 1) > 1e-9
  or active_hours_28d > 24 * active_days_28d
  or active_days_7d > active_days_28d
  or (active_hours_28d = 0) <> (night_share_28d is null)
