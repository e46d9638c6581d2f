-- Features of a topic that is mostly unreadable, or sealed, would look like features of a quiet day.
select *
from {{ ref('stg_readability') }}
where unreadable > {{ var('most_unreadable_share') }} * records
