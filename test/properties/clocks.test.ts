/** Clock markers among records, and topics whose partitions have one writer each: neither batches nor crashes show. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { count, keyBy, merge, to, topicSchema, topology, tumbling, type Records } from '../../operators/index.js';
import { testTopology } from '../../runtime/testing/index.js';
import type { Topic } from '../../schemas/index.js';
import { derived, event, events, lines, others, timed, toResults, type Event } from '../operators/pipelines.js';
import { forAll } from './forAll.js';

const own: Topic<string, Event> = { ...derived, name: 'own', copartitioned: true };

const writer = topology('writer', { version: 1 }, ({ source }) => {
  source(events, { ...timed, latenessMs: 4 }).pipe(to(own));
});
/** Windows of what comes with the key, and of what comes under another: through a topic of twelve writers a partition. */
const reader = topology('reader', { version: 1 }, ({ source }) => {
  const both = merge('both', source(own), source(others, { ...timed, latenessMs: 2 }));
  const direct = both.pipe(tumbling('direct', { sizeMs: 10, late: 'dead-letter' }, { n: count() }));
  const moved = both.pipe(
    keyBy('by-tag', { key: ({ tag }) => tag, value: topicSchema(events) }),
    tumbling('moved', { sizeMs: 20, late: 'dead-letter' }, { n: count() }),
  );
  (direct as Records<string, unknown>).pipe(toResults('direct-results'));
  (moved as Records<string, unknown>).pipe(toResults('moved-results'));
});

type Step =
  | { readonly to: 'events' | 'others'; readonly key: string; readonly atMs: number; readonly tag: string }
  | { readonly to: 'events' | 'others'; readonly clockMs: number }
  | 'run';
const into = fc.constantFrom('events' as const, 'others' as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ to: into, key: fc.constantFrom('a', 'b', 'c', 'd'), atMs: fc.nat(80), tag: fc.constantFrom('x', 'y') }) },
  { weight: 2, arbitrary: fc.record({ to: into, clockMs: fc.nat(80) }) },
  { weight: 1, arbitrary: fc.constant('run' as const) },
);

describe('clock markers and copartitioned topics', () => {
  it('give the same results, state, timers and dead letters whatever the batches and crashes', () =>
    forAll(fc.integer({ min: 1, max: 15 }), fc.array(step, { maxLength: 40 }), async (markerMs, steps) => {
      await testTopology([writer, reader], { markerMs }, async (driver) => {
        for (const one of steps) {
          if (one === 'run') await driver.run();
          else {
            const input = driver.input(one.to === 'events' ? events : others);
            if ('clockMs' in one) input.sendMarker(one.clockMs);
            else input.send(event(one.key, one.atMs, { tag: one.tag }));
          }
        }
        await driver.endInput();
        const counted = lines(driver).reduce((total, [, , window]) => total + (window as { value: { n: number } }).value.n, 0);
        const sent = steps.filter((one) => one !== 'run' && 'key' in one).length;
        expect(counted + driver.late().length).toBe(2 * sent);
      });
    }));
});
