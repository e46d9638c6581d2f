import { map } from 'rxjs';
import {
  count,
  countWhere,
  days,
  hours,
  merge,
  reduce,
  schema,
  sum,
  to,
  topology,
  tumbling,
  windowSet,
  withValue,
  type Infer,
  type WindowBounds,
} from '../operators/index.js';
import { topics } from '../schemas/index.js';

const window = schema.record({
  windowStartMs: schema.long,
  windowEndMs: schema.long,
  events: schema.long,
  clicks: schema.long,
  dwellMs: schema.long,
  completions: schema.long,
});
const features = schema.record({
  asOfMs: schema.long,
  engagement1h: schema.nullable(window),
  engagement1d: schema.nullable(window),
  engagement7d: schema.nullable(window),
  engagement28d: schema.nullable(window),
});

interface Totals {
  readonly events: number;
  readonly clicks: number;
  readonly dwellMs: number;
  readonly completions: number;
}

const named = ({ startMs, endMs }: WindowBounds, { events, clicks, dwellMs, completions }: Totals) => ({
  windowStartMs: startMs,
  windowEndMs: endMs,
  events,
  clicks,
  dwellMs,
  completions,
});

type Window = Infer<typeof window>;

const endingFrom = (leastEndMs: number, found: Window | null) => (found !== null && found.windowEndMs >= leastEndMs ? found : null);

/** Empty windows publish nothing: after a silence the state holds windows that are over, and those up to now are empty. */
const current = ({ asOfMs, engagement1h, engagement1d, engagement7d, engagement28d }: Infer<typeof features>) => ({
  asOfMs,
  engagement1h: endingFrom(asOfMs, engagement1h),
  engagement1d: endingFrom(asOfMs - days(1), engagement1d),
  engagement7d: endingFrom(asOfMs - days(1), engagement7d),
  engagement28d: endingFrom(asOfMs - days(1), engagement28d),
});

/**
 * How busy each learner was, as of the end of every hour and day that changes it: the last hour (present only where it
 * ends at `asOfMs`), and the last day, 7 and 28 days up to the last midnight (UTC).
 */
export default topology(
  'learner-engagement',
  { version: 1, description: 'engagement of each learner over 1 h, 1 d, 7 d and 28 d' },
  ({ source, region }) => {
    const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs, latenessMs: hours(1) });

    const lastHour = clicks.pipe(
      tumbling(
        'last-hour',
        { sizeMs: hours(1), late: 'dead-letter' },
        {
          events: count(),
          clicks: sum((click) => click.personal.clicks),
          dwellMs: sum((click) => click.personal.dwellMs),
          completions: countWhere((click) => click.personal.action === 'COMPLETE'),
        },
      ),
      map((record) =>
        withValue(record, {
          asOfMs: record.value.window.endMs,
          hour: named(record.value.window, record.value.value),
          days: null,
        }),
      ),
    );

    const lastDays = clicks.pipe(
      windowSet(
        'last-days',
        { sizesMs: { d1: days(1), d7: days(7), d28: days(28) }, advanceMs: days(1), late: 'discard' },
        {
          events: count(),
          clicks: sum((click) => click.personal.clicks),
          dwellMs: sum((click) => click.personal.dwellMs),
          completions: countWhere((click) => click.personal.action === 'COMPLETE'),
        },
      ),
      map((record) => {
        const { d1, d7, d28 } = record.value.windows;
        return withValue(record, {
          asOfMs: record.value.endMs,
          hour: null,
          days: { engagement1d: d1 && named(d1, d1.value), engagement7d: d7 && named(d7, d7.value), engagement28d: d28 && named(d28, d28.value) },
        });
      }),
    );

    merge('windows', lastHour, lastDays).pipe(
      reduce('features', {
        state: features,
        initial: { asOfMs: 0, engagement1h: null, engagement1d: null, engagement7d: null, engagement28d: null },
        reduce: (state, { asOfMs, hour, days }) => {
          const { engagement1d, engagement7d, engagement28d } = days ?? state;
          return current({ asOfMs, engagement1h: hour ?? state.engagement1h, engagement1d, engagement7d, engagement28d });
        },
      }),
      map((record) => {
        const { asOfMs, engagement1h, engagement1d, engagement7d, engagement28d } = record.value;
        const personal = { engagement1h, engagement1d, engagement7d, engagement28d };
        return withValue(record, { learner: record.key, region, asOfMs, topologyVersion: 1, personal });
      }),
      to(topics.learnerFeatures),
    );
  },
);
