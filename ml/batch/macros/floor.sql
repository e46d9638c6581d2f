{# A figure, where as many learners as may be told of have a part in it. #}
{% macro of_many(figure, learners) -%}
case when {{ learners }} >= {{ var('least_learners') }} then {{ figure }} end
{%- endmacro %}
