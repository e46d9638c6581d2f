/**
 * The floor: windowed counts in plain RxJS, as one would write them without a framework. They keep everything in the memory of the
 * process. Nothing survives it, nothing is late or out of order, silent keys never close, and state is never given back.
 */
import { Subject, groupBy, mergeMap, scan } from 'rxjs';
import type { Event } from './events.js';

const DAY_MS = 86_400_000;

interface Count {
  readonly startMs: number;
  readonly n: number;
}

/** A count per key and day, published with each event. @returns the number of results */
export function rxjsTumbling(events: Iterable<Event>): number {
  const add = (count: Count, { atMs }: Event): Count => {
    const startMs = Math.floor(atMs / DAY_MS) * DAY_MS;
    return { startMs, n: count.startMs === startMs ? count.n + 1 : 1 };
  };
  return run(events, (source) =>
    source.pipe(
      groupBy(({ key }) => key),
      mergeMap((group) => group.pipe(scan(add, { startMs: -1, n: 0 }))),
    ),
  );
}

/** A count per key in each of the `windows` windows of as many days that hold an event, every one of them updated. @returns the number of results */
export function rxjsHopping(events: Iterable<Event>, windows: number): number {
  const add = (open: readonly Count[], { atMs }: Event): readonly Count[] => {
    const last = Math.floor(atMs / DAY_MS) * DAY_MS;
    return Array.from({ length: windows }, (_, index) => {
      const startMs = last - index * DAY_MS;
      return { startMs, n: (open.find((count) => count.startMs === startMs)?.n ?? 0) + 1 };
    });
  };
  return run(events, (source) =>
    source.pipe(
      groupBy(({ key }) => key),
      mergeMap((group) => group.pipe(scan(add, [] as readonly Count[]))),
    ),
  );
}

function run(events: Iterable<Event>, counting: (source: Subject<Event>) => ReturnType<Subject<unknown>['asObservable']>): number {
  const source = new Subject<Event>();
  let results = 0;
  counting(source).subscribe(() => results++);
  for (const event of events) source.next(event);
  source.complete();
  return results;
}
