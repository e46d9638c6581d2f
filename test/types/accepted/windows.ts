import { map } from 'rxjs';
import { expectTypeOf } from 'vitest';
import {
  count,
  days,
  distinctCount,
  ewma,
  hopping,
  hours,
  last,
  max,
  mean,
  schema,
  sessions,
  sliding,
  sum,
  topK,
  topology,
  tumbling,
  windowSet,
  type TopEntry,
  type WindowBounds,
  type WindowResult,
} from '../../../operators/index.js';
import { topics, type LearnerId } from '../../../schemas/index.js';

export const accepted = topology('accepted', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });

  clicks.pipe(
    hopping(
      'hopping',
      { sizeMs: days(1), advanceMs: hours(1), late: 'discard' },
      {
        events: count(),
        dwell: mean((click) => click.personal.dwellMs),
        longest: max((click) => click.personal.dwellMs),
        items: distinctCount((click) => click.personal.item),
        top: topK(3, (click) => click.personal.item),
        region: last((click) => click.region, schema.string),
      },
    ),
    map((record) => {
      expectTypeOf(record.key).toEqualTypeOf<LearnerId>();
      expectTypeOf(record.value).toEqualTypeOf<
        WindowResult<{ events: number; dwell: number | null; longest: number | null; items: number; top: readonly TopEntry[]; region: string | null }>
      >();
      expectTypeOf(record.value.window).toEqualTypeOf<WindowBounds>();
      return record;
    }),
  );

  clicks.pipe(
    windowSet(
      'set',
      { sizesMs: { d1: days(1), d7: days(7) }, advanceMs: days(1), late: 'discard' },
      { clicks: sum((click) => click.personal.clicks) },
    ),
    map((record) => {
      expectTypeOf<keyof typeof record.value.windows>().toEqualTypeOf<'d1' | 'd7'>();
      expectTypeOf(record.value.windows.d7?.value.clicks).toEqualTypeOf<number | undefined>();
      return record;
    }),
  );

  clicks.pipe(
    tumbling('tumbling', { sizeMs: days(1), late: 'discard' }, { recent: ewma((click) => click.personal.dwellMs, hours(1)) }),
    map((record) => expectTypeOf(record.value.value).toEqualTypeOf<{ recent: number | null }>()),
  );
  clicks.pipe(
    sessions('visits', { gapMs: hours(1), late: 'discard' }, { events: count() }),
    map((record) => expectTypeOf(record.value.value).toEqualTypeOf<{ events: number }>()),
  );
  clicks.pipe(
    sliding('recent', { sizeMs: hours(1), late: 'discard' }, { events: count() }),
    map((record) => expectTypeOf(record.value.value).toEqualTypeOf<{ events: number }>()),
  );
});
