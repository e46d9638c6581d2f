{#
  The committed records of a topic that can be read, of the days that the run names. A file that holds no records comes along: it has the columns where
  there are no others. What was written behind the commit of its partition does not count.
#}
{% macro archived(topic) %}
{%- set input = var('inputs')[topic] -%}
{%- set folder = (var('archive') ~ '/' ~ topic ~ '/region=' ~ var('region')) | replace("'", "''") -%}
(
  select record.*
  from read_parquet(
    ['{{ folder }}/day=1970-01-01/columns.parquet'
     {%- for day in input.days %}, '{{ folder }}/day={{ day }}/[0-9]*.parquet'{% endfor %}],
    union_by_name = true, hive_partitioning = false
  ) as record
  {% if input.commits %}
  join (values {% for partition, next in input.commits.items() %}({{ partition }}, {{ next }}){{ ", " if not loop.last }}{% endfor %}) as committed (partition, next)
    on record._partition = committed.partition and record._offset < committed.next
  {% else %}
  where false
  {% endif %}
)
{% endmacro %}
