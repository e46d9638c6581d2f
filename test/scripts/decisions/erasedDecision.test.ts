/** Decisions about a learner who was erased: nothing is left of them but that they were. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decide, formulaModels } from '../../../operators/recommend/index.js';
import { localTools } from '../../../runtime/localTools.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { learnerId, topics } from '../../../schemas/index.js';
import { withFolder } from '../../../scripts/commands/folder.js';
import { CHAIN_FILE } from '../../../scripts/decisions/chainFolder.js';
import { isErasedDecision, noteErased } from '../../../scripts/decisions/erasedDecisions.js';
import { seal, verifyChain } from '../../../scripts/decisions/sealing.js';
import { EMPTY, argumentsOf, place, trend, use } from '../../operators/recommend/worlds.js';
import { REGION, append } from '../archive/archived.js';
import { runCli } from '../commands/cliProcess.js';
import { newFolder } from '../../fixtures/folders.js';

function decisionsOf(learner: string) {
  const { moment, lookups } = argumentsOf({ ...EMPTY, trends: [trend('a', 3), trend('b', 1)], places: [place('c')], uses: [use('a', 1)] });
  const options = { models: formulaModels, region: REGION, topologyVersion: 1, validForMs: 1, loggedShare: 1 };
  return decide({ ...moment, learner: learnerId(learner) }, lookups, options).log!;
}

const logged = async (...learners: string[]): Promise<MemoryStorage> => {
  const storage = memoryStorage();
  await append(storage, topics.featureLog, learners.flatMap(decisionsOf));
  return storage;
};
const idOf = (learner: string): string => decisionsOf(learner)[0]!.decisionId;
const plainOf = (id: string): string => id.slice(0, id.indexOf('-'));

describe('an erased decision', () => {
  it('replays as ERASED, sealed or not, and no other does', { timeout: 60_000 }, async () => {
    const data = newFolder();
    const chain = join(data, 'decisions');
    const storage = await logged('ada', 'ben');
    await seal(localTools(storage), { folder: chain, region: REGION }, 1);
    await append(storage, topics.featureLog, decisionsOf('eve'));
    expect([await noteErased(localTools(storage), chain, 'ada', 2), await noteErased(localTools(storage), chain, 'eve', 3)]).toEqual([1, 0]);
    const erased = [idOf('ada'), plainOf(idOf('ada')), idOf('eve')];
    for (const id of erased) expect(await isErasedDecision(chain, id), id).toBe(true);
    expect([await isErasedDecision(chain, idOf('ben')), await isErasedDecision(chain, 'none')]).toEqual([false, false]);
    // The folder has what is left: the decisions of the other.
    await withFolder(data, (folder) => append(folder, topics.featureLog, decisionsOf('ben')));
    const replay = (id: string) => runCli(['decisions', 'replay', id, '--data', data, '--region', REGION, '--json']);
    const found = await replay(erased[1]!);
    expect([found.code, found.json()]).toEqual([0, { decisionId: erased[1], status: 'ERASED' }]);
    expect((await replay('none')).json()).toMatchObject({ error: { code: 'SFS_DECISION_UNKNOWN' } });
  });

  it('is noted where nothing was sealed before, in a chain that begins with that', async () => {
    const chain = join(newFolder(), 'decisions');
    const storage = await logged('ada', 'ben');
    expect(await noteErased(localTools(storage), chain, 'ada', 1)).toBe(0);
    expect([await isErasedDecision(chain, idOf('ada')), await isErasedDecision(chain, idOf('ben'))]).toEqual([true, false]);
    await seal(localTools(storage), { folder: chain, region: REGION }, 2);
    expect(await verifyChain(localTools(storage), { folder: chain, region: REGION })).toMatchObject({ records: 2, breaches: [] });
  });

  it('leaves its id in no file: whoever has not the key cannot tell whose it was', async () => {
    const chain = join(newFolder(), 'decisions');
    await noteErased(localTools(await logged('ada')), chain, 'ada', 1);
    const text = readFileSync(join(chain, CHAIN_FILE), 'utf8');
    for (const word of [idOf('ada'), plainOf(idOf('ada')), 'ada"']) expect(text).not.toContain(word);
  });

  it('cannot be put into a chain, or taken out of it, unseen', async () => {
    const { blockOf, digestOf } = await import('../../../scripts/decisions/chain.js');
    const content = { number: 0, topic: 't', partition: 0, from: 0, to: 0, records: [], sealedAtMs: 1, previous: '0', erased: [], erasedIds: ['aa'] };
    const { digest, ...same } = blockOf(content);
    expect(digestOf(same)).toBe(digest);
    const { erasedIds: _, ...without } = content;
    expect([digestOf({ ...content, erasedIds: [] }), digestOf({ ...content, erasedIds: ['ab'] }), digestOf(without)]).not.toContain(digest);
  });
});
