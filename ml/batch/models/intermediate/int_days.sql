-- The days that rows are made for.
{{ made_days() }}
