import { describe, expect, it } from 'vitest';
import type { Assigned, StickyAssignments } from '../../../operators/ports/experiments.js';
import { experimentsOf, readPayload } from '../../../runtime/experiments/index.js';
import { fullPayload, rankerPayload } from './payloads.js';

const NOTHING: StickyAssignments = {};
const LEARNERS = Array.from({ length: 500 }, (_, at) => `learner-${at}`);

const opened = (payload: unknown) => experimentsOf(readPayload(JSON.stringify(payload), 'test').text);
const attributesOf = (id: string, courses: readonly string[] = []) => ({ id, region: 'eu', courses, cohorts: courses });
const variationIn = ({ assignments }: Assigned, key: string): string | undefined =>
  assignments.find(({ experiment }) => experiment === key)?.variation;

describe('the experiments of a payload', () => {
  it('split learners by the weights, the same at each call and in any order', () => {
    const [one, other] = [opened(rankerPayload({ weights: [0.8, 0.2] })), opened(rankerPayload({ weights: [0.8, 0.2] }))];
    const drawn = LEARNERS.map((id) => variationIn(one.assign(attributesOf(id), NOTHING), 'ranker'));
    expect([...LEARNERS].reverse().map((id) => variationIn(other.assign(attributesOf(id), NOTHING), 'ranker'))).toEqual(drawn.reverse());
    const share = drawn.filter((variation) => variation === 'formula').length / drawn.length;
    expect(share).toBeGreaterThan(0.13);
    expect(share).toBeLessThan(0.27);
    expect(one.version).toBe(other.version);
    expect(one.version).not.toBe(opened(rankerPayload()).version);
  });

  it('give what the variation says, and the same to everybody else', () => {
    const experiments = opened(rankerPayload({ coverage: 0.5 }));
    const found = new Set(
      LEARNERS.map((id) => experiments.assign(attributesOf(id), NOTHING)).map(
        (one) => `${one.treatment.ranker} ${variationIn(one, 'ranker') ?? 'none'}`,
      ),
    );
    expect([...found].sort()).toEqual(['formula formula', 'model control', 'model none']);
  });

  it('are kept apart by namespaces, and changed together where they are not', () => {
    const experiments = opened(fullPayload());
    const assigned = LEARNERS.map((id) => experiments.assign(attributesOf(id), NOTHING));
    const keys = assigned.map(({ assignments }) => assignments.map(({ experiment }) => experiment).join());
    expect([...new Set(keys)].sort()).toEqual(['ranker,policy', 'ranker,quotas']);
    const both = assigned.find((one) => variationIn(one, 'ranker') === 'formula' && variationIn(one, 'quotas') === '1')!;
    expect(both.treatment).toEqual({ ranker: 'formula', policy: {}, quotas: { ALS: 40, NEIGHBOURS: 0 } });
  });

  it('leave learners where they were when weights and coverage change, and take them out of a blocked version', () => {
    const before = opened(rankerPayload({ weights: [0.5, 0.5] }));
    const after = opened(rankerPayload({ weights: [0, 1], coverage: 0.1 }));
    const [drawn, kept, afresh] = [before, after, after].map((experiments, at) =>
      LEARNERS.map((id) => {
        const { sticky } = at === 1 ? before.assign(attributesOf(id), NOTHING) : { sticky: NOTHING };
        return variationIn(experiments.assign(attributesOf(id), sticky), 'ranker');
      }),
    );
    expect(kept).toEqual(drawn);
    expect(afresh).not.toEqual(drawn);
    const blocked = opened(rankerPayload({ bucketVersion: 2, minBucketVersion: 2 }));
    const { sticky } = before.assign(attributesOf('ada'), NOTHING);
    expect(sticky).toEqual({ ranker__0: expect.stringMatching(/^(control|formula)$/) as string });
    expect(blocked.assign(attributesOf('ada'), sticky).assignments).toEqual([]);
  });

  it('change nothing of what they are given', () => {
    const experiments = opened(fullPayload());
    const [attributes, sticky] = [Object.freeze(attributesOf('ada', ['AAA-2024J'])), Object.freeze({ other__0: '1' })];
    const { sticky: after } = experiments.assign(attributes, sticky);
    expect(after).toMatchObject({ other__0: '1', ranker__0: expect.any(String) as string });
    expect(experiments.assign(attributes, Object.freeze(after)).sticky).toBe(after);
  });

  it('target by what is known of a learner, and force without an experiment', () => {
    const experiments = opened(fullPayload());
    const outside = LEARNERS.find((id) => variationIn(experiments.assign(attributesOf(id), NOTHING), 'policy') === undefined)!;
    expect(experiments.assign(attributesOf(outside), NOTHING).treatment.policy).toEqual({});
    const assigned = experiments.assign(attributesOf(outside, ['AAA-2024J']), NOTHING);
    expect([assigned.treatment.policy, variationIn(assigned, 'policy')]).toEqual([{ diversity: 0.2 }, undefined]);
  });
});
