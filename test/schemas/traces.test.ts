import { describe, expect, it } from 'vitest';
import { TraceIdentity, textHash } from '../../schemas/index.js';

const KEY = '0123456789abcdef';
const HOUR_MS = 3_600_000;

describe('the identity of traces', () => {
  const identity = new TraceIdentity(KEY, 1);

  it('is one trace for an hour of a learner, and another one for any other', () => {
    const of = (learner: string, atMs: number): string => identity.traceId(learner, atMs);
    expect(of('ada', 0)).toMatch(/^[0-9a-f]{32}$/);
    expect(of('ada', HOUR_MS - 1)).toBe(of('ada', 0));
    expect(new Set([of('ada', 0), of('ada', HOUR_MS), of('ada', -1), of('bob', 0), new TraceIdentity(`${KEY}0`, 1).traceId('ada', 0)]).size).toBe(5);
  });

  it('is one span for a record', () => {
    const trace = identity.traceId('ada', 0);
    const spans = [identity.spanId(trace, 'clicks', 1), identity.spanId(trace, 'clicks', 2), identity.spanId(trace, 'profiles', 1)];
    expect(new Set(spans).size).toBe(3);
    expect(identity.spanId(trace, 'clicks', 1)).toBe(spans[0]);
    expect(spans[0]).toMatch(/^[0-9a-f]{16}$/);
  });

  it('follows the share that is asked for, and those of a smaller share in a larger one', () => {
    const learners = Array.from({ length: 20_000 }, (_, at) => `learner-${at}`);
    const followed = (share: number): string[] => learners.filter((learner) => new TraceIdentity(KEY, share).isFollowed(learner));
    const [few, many] = [followed(0.01), followed(0.1)];
    expect(few.length).toBeGreaterThan(140);
    expect(few.length).toBeLessThan(260);
    expect(few.filter((learner) => !many.includes(learner))).toEqual([]);
    expect(followed(1)).toHaveLength(learners.length);
  });

  it('is refused without a secret, and with a share that is none', () => {
    const refused = expect.objectContaining({ code: 'SFS_TRACES_INVALID' }) as Error;
    expect(() => new TraceIdentity('short', 1)).toThrow(refused);
    for (const share of [0, -1, 1.1, NaN]) expect(() => new TraceIdentity(KEY, share)).toThrow(refused);
  });
});

describe('the hash of a text', () => {
  it('is the same everywhere', () => {
    expect([textHash(''), textHash('ada'), textHash('müsli 🥣')]).toEqual([2872998923, 1983102478, 3994968117]);
  });
});
