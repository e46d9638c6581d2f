"""A reader as one would write it in Python: FastAPI before Redis, with the same contract for a learner's list.

A record is a JSON text under the key ``rec:<learner>``: ``{"madeAt", "validUntil", "model", "topologyVersion", "variant", "courses"}``, each course with
its lists ``next`` and ``new`` of items. Run by ``bench/reader.ts`` with the address of Redis in ``REDIS_URL``.
"""

import os
from typing import Annotated, Literal

import orjson
from fastapi import FastAPI, Path, Query, Response
from redis.asyncio import Redis

app = FastAPI()
redis = Redis.from_url(os.environ["REDIS_URL"])


def merged(courses: list[dict], name: str, limit: int, explain: bool) -> list[dict]:
    """The best of each course in turn, at most ``limit`` items; without reasons unless they are asked for."""
    lists = [[{**item, "course": course["course"]} for item in course[name]] for course in courses]
    items: list[dict] = []
    for rank in range(max((len(one) for one in lists), default=0)):
        items.extend(one[rank] for one in lists if rank < len(one))
    shown = items[:limit]
    return shown if explain else [{key: value for key, value in item.items() if key != "reasons"} for item in shown]


@app.get("/v1/learners/{learner}/recommendations")
async def recommendations(
    learner: Annotated[str, Path(min_length=1, max_length=256)],
    list: Literal["next", "new"] = "next",
    limit: Annotated[int, Query(ge=1, le=20)] = 10,
    explain: bool = False,
) -> Response:
    """The list of a learner, as the reader answers it; an empty one where nothing is known."""
    text = await redis.get(f"rec:{learner}")
    record = {"courses": []} if text is None else orjson.loads(text)
    courses = record.pop("courses")
    served = "popular" if text is None else "personal"
    answer = {"learner": learner, "list": list, "region": "eu-west", "served": served, **record, "items": merged(courses, list, limit, explain)}
    return Response(orjson.dumps(answer), media_type="application/json")
