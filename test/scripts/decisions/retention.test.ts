/** How long decisions are kept: six months at least (AI Act articles 19 and 26(6)). */
import { describe, expect, it } from 'vitest';
import { Deployment } from '../../../runtime/engine/deployment.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { localPlacement } from '../../../runtime/engine/localPlacement.js';
import { topics, type Topic } from '../../../schemas/index.js';
import recommendations from '../../../topologies/recommendations.js';

/** Longer than any six months. */
const SIX_MONTHS_MS = 184 * 86_400_000;
/** What was decided, by the recommender and by people. */
const KEPT: readonly Topic<string, unknown>[] = [topics.featureLog, topics.control, topics.measures, topics.overrides];

describe('the record of decisions', () => {
  it('stays six months at least, in the catalogue and in what a broker is told', () => {
    const told = new Deployment(recommendations, 'eu-west', localPlacement(memoryStorage())).topicSpecs();
    const specs = [...KEPT, ...told.filter(({ name }) => KEPT.some((topic) => name === `eu-west.${topic.name}`))];
    expect(specs.length).toBeGreaterThan(KEPT.length + 1);
    for (const { name, cleanup, retentionMs } of specs) {
      expect(cleanup, name).toBe('delete');
      expect(retentionMs ?? Infinity, name).toBeGreaterThanOrEqual(SIX_MONTHS_MS);
    }
  });
});
