{# An entity has one row for each day. #}
{% test one_row_a_day(model, column_name) %}
select {{ column_name }}, event_timestamp
from {{ model }}
group by {{ column_name }}, event_timestamp
having count(*) > 1
{% endtest %}
