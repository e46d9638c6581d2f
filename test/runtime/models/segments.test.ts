import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { earlyBehaviourOf, withHour, type FirstWeek } from '../../../operators/recommend/index.js';
import { readBundle } from '../../../runtime/models/bundle.js';
import { readSegments } from '../../../runtime/models/segments.js';
import { itemId } from '../../../schemas/index.js';
import { hourOf } from '../../topologies/learning.js';

const FIXTURE = 'test/runtime/models/fixtures/retrieval';

interface Expected {
  readonly segments: readonly {
    readonly attributes: Readonly<Record<string, string>>;
    readonly uses: readonly { readonly hourStartMs: number; readonly item: string; readonly kind: string | null; readonly events: number }[];
    readonly segment: string;
  }[];
}
type Case = Expected['segments'][number];

/** The first week as the stream keeps it, hour by hour. */
function weekOf(uses: Case['uses']): FirstWeek | null {
  const kinds = new Map(uses.map(({ item, kind }) => [itemId(item), kind ?? undefined]));
  let week: FirstWeek | null = null;
  for (const startMs of [...new Set(uses.map(({ hourStartMs }) => hourStartMs))].sort((a, b) => a - b)) {
    const inHour = uses.filter(({ hourStartMs }) => hourStartMs === startMs);
    const [hour] = hourOf(
      'a',
      startMs,
      inHour.map(({ item }) => item),
    );
    const items = hour.personal.items.map((one, n) => ({ ...one, events: inHour[n]!.events }));
    week = withHour(week, { ...hour, personal: { items } }, (item) => kinds.get(item));
  }
  return week;
}

describe('segments of a bundle', () => {
  const cases = (JSON.parse(readFileSync(join(FIXTURE, 'expected.json'), 'utf8')) as Expected).segments;
  const digest = createHash('sha256')
    .update(readFileSync(join(FIXTURE, 'bundle/segments.json')))
    .digest('hex')
    .slice(0, 6);

  it('are those that training assigns, for learners with and without activity', () => {
    const segments = readSegments(readBundle(join(FIXTURE, 'bundle')))!;
    expect(cases.length).toBeGreaterThanOrEqual(4);
    const assigned = cases.map(({ attributes, uses }) => {
      const week = weekOf(uses);
      return segments.of(attributes, week === null ? null : earlyBehaviourOf(week));
    });
    expect(assigned).toEqual(cases.map(({ segment }) => `${segment}-${digest}`));
  });

  it('are assigned to whoever did nothing yet, too, and whatever the profile says', () => {
    const segments = readSegments(readBundle(join(FIXTURE, 'bundle')))!;
    expect(segments.of({ education: 'degree' }, null)).toBe(`s0-${digest}`);
    expect(segments.of({ education: 'never heard of' }, null)).toMatch(/^s\d-/);
  });
});

describe('a damaged file of segments', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'segments-'));
    cpSync(join(FIXTURE, 'bundle'), folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    ['an early time that the stream does not keep', { earlyHours: 24 }, 'it looks at 24 early hours'],
    ['a centre too few', { centroids: [] }, 'a centre of all features for each segment'],
    ['an unknown feature', { features: [{ name: 'early:shoes', mean: 0, scale: 1 }], names: ['s0'], centroids: [[0]] }, 'no feature "early:shoes"'],
  ])('has %s', (_, change, message) => {
    const path = join(folder, 'segments.json');
    const json = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...json, ...change }));
    const whole = readBundle(join(FIXTURE, 'bundle'));
    const bundle = { ...whole, file: (name: string) => (name === 'segments.json' ? readFileSync(path) : whole.file(name)) };
    expect(() => readSegments(bundle)).toThrow(
      expect.objectContaining({ code: 'SFS_MODEL_DAMAGED', message: expect.stringContaining(message) as string }),
    );
  });
});
