import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalSchemaIds, keyOf, topicCodec, type Topic } from '../../../schemas/index.js';
import { SCHOOL_TOPICS, School, type SchoolOptions, type SchoolRecords, type SchoolStep } from '../../../scripts/school/index.js';
import { DAY_MS, HOUR_MS, NAMES, counted, recorded, timeOf } from './recorded.js';

const SMALL = { learners: 60, courses: 2, items: 20, days: 4, eventsPerDay: 600 };
const digestOf = (records: SchoolRecords): string =>
  createHash('sha256')
    .update(JSON.stringify(NAMES.map((name) => records[name])))
    .digest('hex');

const ANY_SCHOOL = fc.record({
  seed: fc.integer(),
  learners: fc.integer({ min: 1, max: 60 }),
  courses: fc.integer({ min: 1, max: 5 }),
  items: fc.integer({ min: 1, max: 40 }),
  days: fc.integer({ min: 1, max: 6 }),
  eventsPerDay: fc.integer({ min: 1, max: 400 }),
  startMs: fc.integer({ min: 0, max: 2e12 }),
  lateShare: fc.double({ min: 0, max: 1, noNaN: true }),
  duplicateShare: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe('a school', { timeout: 90_000 }, () => {
  it('is the same for the same options, and another one for another seed', () => {
    expect(digestOf(recorded(SMALL))).toBe(digestOf(recorded(SMALL)));
    expect(digestOf(recorded({ ...SMALL, seed: 2 }))).not.toBe(digestOf(recorded(SMALL)));
  });

  it('is the same on every machine', () => {
    expect(digestOf(recorded(SMALL))).toMatchInlineSnapshot(`"b1089b61c57b1e2138425f1d01f1a782c44f91e255bf53ff14a61a66de0bb357"`);
  });

  it('only goes on with more days', () => {
    const longer = [...new School({ ...SMALL, days: 6 }).steps()];
    const shorter = [...new School(SMALL).steps()];
    expect(longer.length).toBeGreaterThan(shorter.length);
    expect(longer.slice(0, shorter.length)).toEqual(shorter);
  });

  it('does not depend on when its steps are taken, nor on questions about its truth', () => {
    const asked = new School(SMALL);
    const steps: SchoolStep[] = [];
    for (const step of asked.steps()) {
      steps.push(step);
      for (const { learner } of step.clicks.slice(0, 3)) for (const one of asked.attendancesOf(learner, step.untilMs)) one.chances(step.untilMs);
    }
    expect(steps).toEqual([...new School(SMALL).steps()]);
  });

  it('has as many clicks as asked for, each with an identity of its own', () => {
    const { clicks } = recorded({ ...SMALL, days: 7, eventsPerDay: 1_000 });
    expect(clicks.length).toBe(7_000);
    expect(new Set(clicks.map(({ eventId }) => eventId)).size).toBe(7_000);
  });

  it('gives every record an identity, and repeats clicks and results as often as asked for', () => {
    const { lmsEvents, clicks, quizResults } = recorded({ ...SMALL, days: 14, duplicateShare: 0.25 });
    expect(new Set(lmsEvents.map(({ eventId }) => eventId)).size).toBe(lmsEvents.length);
    for (const records of [clicks, quizResults]) {
      const repeated = [...counted(records.map(({ eventId }) => eventId)).values()].filter((count) => count === 2).length;
      expect(repeated / (records.length - repeated)).toBeCloseTo(0.25, 1);
    }
    expect(quizResults.length).toBeGreaterThan(50);
  });

  it('fits the schemas of its topics', () => {
    const told = recorded({ ...SMALL, days: 20, duplicateShare: 0.1 });
    const ids = new LocalSchemaIds();
    for (const name of NAMES) {
      const topic = SCHOOL_TOPICS[name] as Topic<string, unknown>;
      const codec = topicCodec(topic, ids);
      expect(told[name].length).toBeGreaterThan(20);
      for (const record of told[name].slice(0, 500)) {
        const key = keyOf(topic, record);
        expect(codec.decode(key, codec.encode(key, record))).toEqual(record);
      }
    }
  });

  it('keeps its clocks: nothing comes before what they promised, and nothing lies beyond the time that is over', () => {
    const property = fc.property(ANY_SCHOOL, (given) => {
      const clocks = new Map<string, number>();
      const broken: unknown[] = [];
      let untilMs = -Infinity;
      for (const step of new School(given).steps()) {
        if (step.untilMs < untilMs) broken.push(step);
        untilMs = step.untilMs;
        for (const name of NAMES) {
          const clockMs = clocks.get(name) ?? -Infinity;
          broken.push(...step[name].filter((record) => timeOf(record) < clockMs || timeOf(record) >= untilMs));
          if (step.clocksMs === null) continue;
          if (step.clocksMs[name] < clockMs) broken.push(step.clocksMs);
          clocks.set(name, step.clocksMs[name]);
        }
      }
      expect(broken).toEqual([]);
      const endMs = (Math.floor(given.startMs / DAY_MS) + given.days) * DAY_MS;
      expect(NAMES.map((name) => clocks.get(name))).toEqual(NAMES.map(() => endMs));
    });
    fc.assert(property, { numRuns: 25 });
  });

  it('has events of the right order: late ones lie at most half an hour behind, and nothing else lies behind at all', () => {
    const told = recorded({ ...SMALL, days: 3, eventsPerDay: 5_000, lateShare: 0.2 });
    for (const name of ['catalogue', 'profiles', 'lmsEvents'] as const) {
      const times = told[name].map(timeOf);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
    let greatestMs = 0;
    let late = 0;
    let mostBehindMs = 0;
    for (const { occurredAtMs } of told.clicks) {
      mostBehindMs = Math.max(mostBehindMs, greatestMs - occurredAtMs);
      if (occurredAtMs < greatestMs) late++;
      greatestMs = Math.max(greatestMs, occurredAtMs);
    }
    expect(mostBehindMs).toBeLessThanOrEqual(HOUR_MS / 2);
    expect(mostBehindMs).toBeGreaterThan(HOUR_MS / 4);
    expect(late / told.clicks.length).toBeGreaterThan(0.1);
    const punctual = recorded({ ...SMALL, lateShare: 0 }).clicks.map(timeOf);
    expect(punctual).toEqual([...punctual].sort((a, b) => a - b));
  });

  it('needs no more memory for more events', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heapBytes = (): number => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    let events = 0;
    let earlyBytes = 0;
    let lateBytes = 0;
    // Measured while the school lives: what it holds is gone after the loop.
    for (const { clicks } of new School({ ...SMALL, learners: 5_000, days: 2, eventsPerDay: 100_000 }).steps()) {
      events += clicks.length;
      if (earlyBytes === 0 && events > 25_000) earlyBytes = heapBytes();
      if (lateBytes === 0 && events > 150_000) lateBytes = heapBytes();
    }
    // An event takes 200 bytes and more.
    expect(lateBytes).toBeGreaterThan(0);
    expect(lateBytes - earlyBytes).toBeLessThan(5_000_000);
  });

  it.each<Partial<SchoolOptions>>([
    { learners: 0 },
    { learners: 2 ** 24 + 1 },
    { courses: 1.5 },
    { items: 0 },
    { days: 0 },
    { eventsPerDay: -1 },
    { startMs: NaN },
    { seed: 0.5 },
    { lateShare: 1.5 },
    { duplicateShare: NaN },
  ])('refuses %j', (options) => {
    expect(() => new School(options)).toThrow(expect.objectContaining({ code: 'SFS_SYNTHETIC_OPTION' }) as Error);
  });

  it('refuses a region that is none', () => {
    expect(() => new School({ region: 'EU West' })).toThrow(expect.objectContaining({ code: 'SFS_REGION_INVALID' }) as Error);
  });
});
