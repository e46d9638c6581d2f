{# Values lie between two bounds, both included; a missing bound bounds nothing, and null is in every range. #}
{% test in_range(model, column_name, least=none, most=none) %}
select {{ column_name }}
from {{ model }}
where isnan({{ column_name }}::double)
{% if least is not none %} or {{ column_name }} < {{ least }}{% endif %}
{% if most is not none %} or {{ column_name }} > {{ most }}{% endif %}
{% endtest %}
