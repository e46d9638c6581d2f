import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalSchemaIds, topicCodec, topics, type Click, type ItemId, type Opened } from '../../schemas/index.js';
import { DEFAULT_SYNTHETIC_OPTIONS, SeededRandom, syntheticClicks, type SyntheticOptions } from '../../scripts/synthetic/index.js';

const DAY_MS = 86_400_000;
const all = (options: Partial<SyntheticOptions> = {}): Opened<Click>[] => [...syntheticClicks(options)].flat();
const counted = <T>(values: readonly T[]): Map<T, number> => {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};
const digest = (events: readonly Opened<Click>[]): string => createHash('sha256').update(JSON.stringify(events)).digest('hex');

describe('synthetic clicks', () => {
  const twoWeeks = all();

  it('are as many as asked for, in batches, each with its own identity', () => {
    expect(twoWeeks.length).toBe(70_000);
    expect(new Set(twoWeeks.map((event) => event.eventId)).size).toBe(70_000);
    expect([...syntheticClicks({ days: 2 })].map((batch) => batch.length).slice(0, 2)).toEqual([5_000, 5_000]);
  });

  it('are the same for the same options and others for another seed', () => {
    expect(digest(all({ days: 3 }))).toBe(digest(all({ days: 3 })));
    expect(digest(all({ days: 3, seed: 2 }))).not.toBe(digest(all({ days: 3 })));
  });

  it('are the same on every machine', () => {
    expect(digest(all({ days: 2, clicksPerDay: 500 }))).toMatchInlineSnapshot(`"3576a4094e945fcfe900d5555c5d3633046a411c96e424c48f1f61ffef4babea"`);
  });

  it('fit the schema of their topic', () => {
    const codec = topicCodec(topics.clicks, new LocalSchemaIds());
    for (const event of twoWeeks.slice(0, 500)) expect(codec.decode(event.learner, codec.encode(event.learner, event))).toEqual(event);
  });

  it('come out of order, but never by more than asked for', () => {
    const options = fc.record({
      seed: fc.integer(),
      learners: fc.integer({ min: 1, max: 30 }),
      courses: fc.integer({ min: 1, max: 3 }),
      items: fc.integer({ min: 1, max: 8 }),
      days: fc.integer({ min: 1, max: 15 }),
      clicksPerDay: fc.integer({ min: 1, max: 60 }),
      startMs: fc.integer({ min: 0, max: 2e12 }),
      outOfOrderMs: fc.integer({ min: 0, max: 1e7 }),
    });
    const property = fc.property(options, (given) => {
      let greatestMs = given.startMs;
      for (const event of all(given)) {
        expect(event.occurredAtMs).toBeGreaterThanOrEqual(Math.max(given.startMs, greatestMs - given.outOfOrderMs));
        expect(event.occurredAtMs).toBeLessThan(given.startMs + given.days * DAY_MS);
        greatestMs = Math.max(greatestMs, event.occurredAtMs);
      }
    });
    fc.assert(property, { numRuns: 30 });
    const descents = twoWeeks.filter((event, i) => i > 0 && event.occurredAtMs < twoWeeks[i - 1]!.occurredAtMs);
    expect(descents.length).toBeGreaterThan(5_000);
  });

  it('follow Zipf: the first items of a course have most clicks', () => {
    const counts = [...counted(twoWeeks.filter((event) => event.course === 'course-1').map((event) => event.personal.item)).values()].sort(
      (a, b) => b - a,
    );
    const total = counts.reduce((a, b) => a + b, 0);
    expect(counts.slice(0, 3).reduce((a, b) => a + b, 0) / total).toBeGreaterThan(0.25);
    expect(counts.length).toBeGreaterThan(50);
  });

  it('move on to other items each week', () => {
    const leaders = [0, 1].map((week) => {
      const events = twoWeeks.filter(
        (event) => event.course === 'course-1' && Math.floor((event.occurredAtMs - DEFAULT_SYNTHETIC_OPTIONS.startMs) / (7 * DAY_MS)) === week,
      );
      return [...counted(events.map((event) => event.personal.item))]
        .sort((a, b) => b[1] - a[1])
        .slice(0, 8)
        .map(([item]) => item);
    });
    const [first, second] = leaders as [ItemId[], ItemId[]];
    const common = first.filter((item) => second.includes(item));
    expect(common.length).toBeGreaterThanOrEqual(2);
    expect(common.length).toBeLessThan(6);
  });

  it('are more on a Tuesday than on a Sunday and more by day than by night', () => {
    const days = counted(twoWeeks.map((event) => new Date(event.occurredAtMs).getUTCDay()));
    const hours = counted(twoWeeks.map((event) => new Date(event.occurredAtMs).getUTCHours()));
    expect(days.get(2)).toBeGreaterThan(1.5 * days.get(0)!);
    expect(hours.get(9)).toBeGreaterThan(5 * hours.get(3)!);
  });

  it('have learners who never click and learners who stop', () => {
    const inFirst = new Set(twoWeeks.slice(0, 35_000).map((event) => event.learner));
    const inSecond = new Set(twoWeeks.slice(35_000).map((event) => event.learner));
    expect(new Set([...inFirst, ...inSecond]).size).toBeLessThan(900);
    expect([...inFirst].filter((learner) => !inSecond.has(learner)).length).toBeGreaterThan(50);
  });

  it('have all four actions, and dwell only where the learner dwells', () => {
    expect([...counted(twoWeeks.map((event) => event.personal.action)).keys()].sort()).toEqual(['COMPLETE', 'DWELL', 'OPEN', 'VIEW']);
    for (const { personal } of twoWeeks) {
      const isSensible = personal.action === 'DWELL' ? personal.dwellMs >= 1 && personal.dwellMs <= 1_800_000 : personal.dwellMs === 0;
      if (!isSensible || personal.clicks < 1) expect.fail(JSON.stringify(personal));
    }
  });

  it.each([
    { learners: 0 },
    { courses: 1.5 },
    { items: 0 },
    { days: 0 },
    { clicksPerDay: -1 },
    { outOfOrderMs: -1 },
    { startMs: NaN },
    { seed: 0.5 },
  ])('refuse %j at once', (options) => {
    expect(() => syntheticClicks(options)).toThrow(expect.objectContaining({ code: 'SFS_SYNTHETIC_OPTION' }) as Error);
  });
});

describe('the seeded generator', () => {
  it('is xoshiro128**', () => {
    // Computed with the reference implementation, see https://github.com/edorfaus/xoshiro-6502 test-rom/testdata.asm.
    const random = new SeededRandom([0x964d4a0c, 0xd40ab895, 0xad7fdecb, 0x3006f0f0]);
    expect([1, 2, 3, 4].map(() => random.integer())).toEqual([0xf1391922, 0x6fe53806, 0xa5be2840, 0xf510ee70]);
  });

  it('spreads near seeds', () => {
    const firsts = Array.from({ length: 1_000 }, (_, seed) => new SeededRandom(seed).unit());
    const mean = firsts.reduce((a, b) => a + b, 0) / firsts.length;
    expect(new Set(firsts).size).toBe(1_000);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
  });
});
