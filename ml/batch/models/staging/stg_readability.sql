-- How many records of each topic could not be read.
{% for topic in var('inputs') %}
select
  '{{ topic }}' as topic,
  count(*) as records,
  count(*) filter (where _error is not null) as unreadable
from {{ archived(topic) }}
{{ "union all" if not loop.last }}
{% endfor %}
