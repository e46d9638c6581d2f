-- What the learners of a segment are like. Of those who agree to profiling only, and never of few: where few of them were active, stated hours or
-- handed in a quiz, what is of these is null.
with member as (
  select made.day, context.learner, context.segment, context.hours_per_week
  from {{ ref('int_days') }} as made
  join {{ ref('stg_learner_contexts') }} as context
    on context.segment is not null
    and context.as_of < (made.day + 1)::timestamp
    and (context.replaced_at is null or context.replaced_at >= (made.day + 1)::timestamp)
),

active as (
  select
    made.day,
    learned.learner,
    coalesce(sum(learned.events) filter (where {{ in_window('learned.day', 'made.day', 7) }}), 0) as events_7d
  from {{ ref('int_days') }} as made
  join {{ ref('int_learner_days') }} as learned on {{ in_window('learned.day', 'made.day') }}
  group by made.day, learned.learner
),

behaviour as (
  select
    member.day,
    member.segment,
    count(*) as learners,
    count(active.learner) as active_learners_28d,
    count(member.hours_per_week) as stating_learners,
    {{ exact_mean('member.hours_per_week') }} as hours_per_week_mean,
    count(*) filter (where active.events_7d > 0) as active_learners_7d,
    coalesce(sum(active.events_7d), 0) as events_7d
  from member
  left join active using (day, learner)
  group by member.day, member.segment
),

answered as (
  select
    member.day,
    member.segment,
    count(distinct member.learner) as learners,
    {{ exact_mean('result.score') }} as mean_score_28d,
    count(*) filter (where result.correct) / count(*) as correct_share_28d
  from member
  join {{ ref('stg_quiz_results') }} as result on result.learner = member.learner and {{ in_window('result.day', 'member.day') }}
  group by member.day, member.segment
)

select
  behaviour.segment,
  {{ timestamps('behaviour.day') }},
  behaviour.learners,
  behaviour.active_learners_28d,
  behaviour.active_learners_28d / behaviour.learners as active_share_28d,
  {{ of_many('behaviour.hours_per_week_mean', 'behaviour.stating_learners') }} as hours_per_week_mean,
  {{ of_many('behaviour.events_7d::double / behaviour.learners', 'behaviour.active_learners_7d') }} as events_per_learner_7d,
  {{ of_many('answered.mean_score_28d', 'answered.learners') }} as mean_score_28d,
  {{ of_many('answered.correct_share_28d', 'answered.learners') }} as correct_share_28d
from behaviour
left join answered using (day, segment)
where behaviour.learners >= {{ var('least_learners') }}
