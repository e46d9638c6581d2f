-- Clock hours (UTC) in which a learner did something.
select
  learner,
  day,
  hour(occurred_at) as hour_of_day,
  max(occurred_at) as last_at
from {{ ref('stg_clicks') }}
group by all
