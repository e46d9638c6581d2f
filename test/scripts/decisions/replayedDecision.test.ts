import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decide, formulaModels, type Decision, type Models } from '../../../operators/recommend/index.js';
import { localTools } from '../../../runtime/localTools.js';
import { openModels, openRegistry, type ModelRegistry } from '../../../runtime/models/index.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { topics, type FeatureLog, type Opened } from '../../../schemas/index.js';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { withRanker } from '../../../scripts/decisions/namedRanker.js';
import { loggedDecisions, replayed, type ReplayedDecision } from '../../../scripts/decisions/replayedDecision.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';
import { EMPTY, argumentsOf, place, trend, use } from '../../operators/recommend/worlds.js';
import { append } from '../archive/archived.js';

const DEMO = join(projectRoot, 'models', 'demo');
/** Of the models. */
const REGION = 'eu-west';
/** Of the logs that tests append to. */
const LOG_REGION = 'test';
const ITEMS = Array.from({ length: 30 }, (_, n) => `item-${n}`);

/** A decision, logged, by some models. */
function logOf(models: Models): Opened<FeatureLog>[] {
  return [...decided(models).log!];
}

const UNDER = [{ experiment: 'ranker', variation: '1' }];

function decided(models: Models): Decision {
  const world = { ...EMPTY, trends: ITEMS.map((item, n) => trend(item, n)), places: [place('fresh')], uses: [use('item-3', 1), use('item-7', 2)] };
  const { moment, lookups } = argumentsOf(world);
  return decide(moment, lookups, { models, region: LOG_REGION, topologyVersion: 1, validForMs: 1, loggedShare: 1, assignments: UNDER });
}

async function logged(...log: readonly Opened<FeatureLog>[]): Promise<MemoryStorage> {
  const storage = memoryStorage();
  await append(storage, topics.featureLog, log);
  return storage;
}

/** Reads a decision back and makes it again. */
async function madeAgain(storage: MemoryStorage, id: string, registry: ModelRegistry): Promise<ReplayedDecision[]> {
  const made: ReplayedDecision[] = [];
  for (const decision of await loggedDecisions(localTools(storage), LOG_REGION, id)) {
    made.push(await withRanker(decision.modelVersion, registry, REGION, (ranker) => replayed(decision, ranker)));
  }
  return made;
}

const noRegistry = (): ModelRegistry => openRegistry(join(temporaryFolder(), 'none'));
const scoresOf = ({ personal }: Opened<FeatureLog>): number[] => personal.candidates.map(({ score }) => score);

describe('a decision that is made again', () => {
  it('has the scores and the ranking that it had, by the formula', async () => {
    const [log] = logOf(formulaModels);
    const [made] = await madeAgain(await logged(log!), log!.decisionId, noRegistry());
    expect(made).toMatchObject({ decisionId: log!.decisionId, modelVersion: 'formula-2', candidates: log!.personal.candidates.length, same: true });
    // The log has candidates by their score for `next`.
    expect(made!.lists.next.ranked).toEqual(log!.personal.candidates.map(({ item }) => item));
    expect(made!.lists.next.shown.length).toBe(20);
    expect(new Set(scoresOf(log!)).size).toBeGreaterThan(10);
  });

  it('has the lists, the reasons and the variations that the learner was given', async () => {
    const { recommendation, log } = decided(formulaModels);
    const [made] = await madeAgain(await logged(log![0]!), log![0]!.decisionId, noRegistry());
    const [given] = recommendation.personal.courses;
    expect([made!.variant, recommendation.variant]).toEqual(['ranker:1', 'ranker:1']);
    for (const list of ['next', 'new'] as const) {
      expect(given![list].length).toBeGreaterThan(0);
      expect(made!.lists[list].shown).toEqual(given![list].map(({ item }) => item));
      expect(made!.lists[list].reasons).toEqual(given![list].map(({ reasons }) => reasons));
      expect(made!.lists[list].reasons.some((reasons) => reasons.length > 0)).toBe(true);
    }
  });

  it('is found by the identity that it has without its course', async () => {
    const [log] = logOf(formulaModels);
    const id = log!.decisionId.split('-')[0]!;
    expect((await madeAgain(await logged(log!), id, noRegistry())).map(({ decisionId }) => decisionId)).toEqual([log!.decisionId]);
    await expect(madeAgain(await logged(log!), 'none', noRegistry())).rejects.toMatchObject({ code: 'SFS_DECISION_UNKNOWN' });
  });

  it('has them by a trained model that the registry keeps, too', async () => {
    const registry = openRegistry(join(temporaryFolder(), 'registry'));
    await registry.register(DEMO, {});
    await using models = await openModels(DEMO, { region: REGION });
    const trained: Models = { at: () => models.at(Number.MAX_SAFE_INTEGER) };
    const [log] = logOf(trained);
    const storage = await logged(log!);
    const [made] = await madeAgain(storage, log!.decisionId, registry);
    expect(made).toMatchObject({ modelVersion: trained.at(0).version, same: true });
    expect(new Set(scoresOf(log!)).size).toBeGreaterThan(10);
    await expect(madeAgain(storage, log!.decisionId, noRegistry())).rejects.toMatchObject({ code: 'SFS_MODEL_MISSING' });
  });

  it('tells which scores are others, and refuses another set of features', async () => {
    const [log] = logOf(formulaModels);
    const [first, ...rest] = log!.personal.candidates;
    const changed = {
      ...log!,
      personal: { ...log!.personal, candidates: [{ ...first!, score: Math.fround(first!.score + 1e-6 * Math.abs(first!.score) + 1e-6) }, ...rest] },
    };
    const [made] = await madeAgain(await logged(changed), log!.decisionId, noRegistry());
    expect([made!.same, made!.lists.next.differing, made!.lists.new.differing]).toEqual([false, [first!.item], []]);
    const other = { ...log!, featureSet: 'item-features:of-old' };
    await expect(madeAgain(await logged(other), log!.decisionId, noRegistry())).rejects.toMatchObject({ code: 'SFS_MODEL_FEATURES' });
  });
});
