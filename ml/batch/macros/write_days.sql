{# Writes a mart as one file for each day that the run makes, also where a day has no rows. The folders are there; the rows are in the order of the entity. #}
{% macro write_days() %}
{%- set folder = (var('features') ~ '/' ~ this.identifier) | replace("'", "''") -%}
{% for day in var('days') %}
copy (
  select * from {{ this }}
  where event_timestamp = (date '{{ day }}' + 1)::timestamp at time zone 'UTC'
  order by 1
) to '{{ folder }}/day={{ day }}/part.parquet' (format parquet, compression snappy);
{% endfor %}
{% endmacro %}
