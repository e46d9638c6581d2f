-- States of items, each until the next one of its item.
select
  item,
  course,
  difficulty,
  updated_at,
  lead(updated_at) over (partition by item order by updated_at, _offset) as replaced_at
from {{ archived('catalogue') }}
where _error is null and not _tombstone
