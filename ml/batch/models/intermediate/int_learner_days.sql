-- What a learner did on a day, by cohort.
select
  learner,
  cohort,
  day,
  count(*) as events
from {{ ref('stg_clicks') }}
group by all
