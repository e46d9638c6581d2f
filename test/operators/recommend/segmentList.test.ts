import { describe, expect, it } from 'vitest';
import { segmentListOf } from '../../../operators/recommend/segmentList.js';
import { segmentKey, type SegmentRecommendation } from '../../../schemas/index.js';
import { AT, COURSE, DAY_MS, EMPTY, argumentsOf } from './worlds.js';

type Counts = Readonly<Record<string, number>>;

/** What a learner of segment `he` is given, from the learner-days of the segment and of the whole course. */
function listFrom(own: Counts | null, whole: Counts | null, parts: { readonly consent?: boolean; readonly validUntilMs?: number } = {}) {
  const { moment, lookups } = argumentsOf(EMPTY, { segment: 'he', segments: { he: [], all: [] }, consent: parts.consent ?? true });
  const segments = new Map(lookups.segments);
  const put = (name: string, counts: Counts | null): void => {
    const key = segmentKey(COURSE, name);
    const items = Object.entries(counts ?? {}).map(([item, learnerDays]) => ({ item, score: learnerDays, learnerDays }));
    const list = { ...segments.get(key), items, validUntilMs: parts.validUntilMs ?? AT + DAY_MS } as unknown as SegmentRecommendation;
    if (counts === null) segments.delete(key);
    else segments.set(key, list);
  };
  put('he', own);
  put('all', whole);
  const { state, atMs } = moment;
  return () => segmentListOf({ state, course: state.context!.courses[0]!, atMs }, { ...lookups, segments });
}
const namesOf = (list: ReturnType<typeof segmentListOf>): string =>
  (list?.items ?? []).map(({ item, isOfSegment }) => `${item}${isOfSegment ? '' : '*'}`).join(' ');

describe('the list of a segment', () => {
  const WHOLE = { a: 300, b: 200, c: 100 };

  it('is that of the course while the segment is empty, nearly so while it is tiny, and its own once it is large', () => {
    expect(namesOf(listFrom(null, WHOLE)())).toBe('a* b* c*');
    expect(namesOf(listFrom({}, WHOLE)())).toBe('a* b* c*');
    expect(namesOf(listFrom({ c: 2, d: 1 }, WHOLE)())).toBe('a* b* c* d');
    expect(namesOf(listFrom({ c: 25, d: 1 }, WHOLE)())).toBe('a* c b* d');
    expect(namesOf(listFrom({ d: 90, c: 60 }, WHOLE)())).toBe('d c a* b*');
  });

  it('is its own where the course has none, and none where neither has one', () => {
    expect(namesOf(listFrom({ d: 2 }, null)())).toBe('d');
    expect(listFrom(null, null)()).toBeUndefined();
  });

  it('is that of the course for who does not agree to profiling, and once its own is past its time', () => {
    expect(namesOf(listFrom({ d: 90 }, WHOLE, { consent: false })())).toBe('a* b* c*');
    expect(namesOf(listFrom({ d: 90 }, WHOLE, { validUntilMs: AT })())).toBe('a* b* c*');
  });

  it('has 20 items at most, and is made once for each pair of records', () => {
    const many = (prefix: string): Counts => Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${prefix}${n}`, 50 - n]));
    const list = listFrom(many('own'), many('all'));
    expect(list()!.items).toHaveLength(20);
    expect(list()).toBe(list());
  });
});
