{# The days that rows are made for: one row each. #}
{% macro made_days() %}
select unnest([{% for day in var('days') %}date '{{ day }}'{{ ", " if not loop.last }}{% endfor %}]) as day
{% endmacro %}

{# Whether a day is in the window of some whole days that ends with the day of the row. #}
{% macro in_window(day, ends_with, days=none) %}
{{ day }} between {{ ends_with }} - {{ (days or var('window_days')) - 1 }} and {{ ends_with }}
{%- endmacro %}

{#
  The mean of a column in millionths: sums of whole numbers are the same in whatever order they are added up, so that a day that is made again is
  the same, on one machine and on many.
#}
{% macro exact_mean(column, condition=none) %}
{%- set filter = "filter (where " ~ condition ~ ")" if condition else "" -%}
(sum(round({{ column }} * 1000000)::bigint) {{ filter }})::double / 1000000 / nullif(count({{ column }}) {{ filter }}, 0)
{%- endmacro %}

{# The instant from which on the values of a day hold, and when they were made; UTC. #}
{% macro timestamps(day) %}
({{ day }} + 1)::timestamp at time zone 'UTC' as event_timestamp,
'{{ var("created_at") }}'::timestamp at time zone 'UTC' as created_timestamp
{%- endmacro %}

{# Days (fractions of them) between an instant and the end of a day. #}
{% macro days_until_end(instant, day) %}
date_diff('millisecond', {{ instant }}, ({{ day }} + 1)::timestamp) / 86400000.0
{%- endmacro %}
