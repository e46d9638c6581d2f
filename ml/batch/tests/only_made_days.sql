-- Every row is of a day that was asked for.
{% for model in ['learner_quiz_scores', 'learner_time_availability', 'item_difficulty', 'cohort_pace', 'segment_profiles'] %}
select '{{ model }}' as model, event_timestamp
from {{ ref(model) }}
where event_timestamp not in (select (day + 1)::timestamp at time zone 'UTC' from {{ ref('int_days') }})
{{ "union all" if not loop.last }}
{% endfor %}
