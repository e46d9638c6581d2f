/** What a register of homes in a real Redis tells of moves that have not ended, whatever folder is named. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, it } from 'vitest';
import { openIdentityMap } from '../../../gateway/index.js';
import { homesKeys } from '../../../runtime/redis/homes.js';
import type { LearnerId } from '../../../schemas/index.js';
import { openSharedHomes, type SharedHomeRegister, type SharedHomesPlace } from '../../../scripts/gateway/sharedHomes.js';
import { erasuresFolder, eraseLearner } from '../../../scripts/privacy/erasure/saga.js';
import { SigningKey } from '../../../scripts/privacy/erasure/signing.js';
import { MoveJournal } from '../../../scripts/privacy/move/moveJournal.js';
import { assertBegunHere, dropFromRegister, keepInRegister, keepErasure, type ClaimedState } from '../../../scripts/privacy/move/movesInRegister.js';
import { commandOutput } from '../../fixtures/commandOutput.js';
import { newFolder } from '../../fixtures/folders.js';
import { SERVER_START_MS, sharedRedis } from '../../integration/servers.js';
import { installationIn, onStorage } from './erasable.js';

const ADA = 'mailto:ada@example.org';
const MOVE = { from: 'eu-west', to: 'eu-north' };
const refusal = (code: string) => expect.objectContaining({ code, message: expect.stringContaining('the register of homes') as unknown }) as unknown;

let place: SharedHomesPlace;
let gatewayFolder: string;
let ada: LearnerId;
let register: SharedHomeRegister;
let state: ClaimedState;

/** The words of a command that are told the register. */
const homesWords = (): string[] => {
  const options = join(newFolder(), 'homes.json');
  writeFileSync(options, JSON.stringify({ keyPrefix: place.redis.keyPrefix }));
  return ['--homes', place.name, '--homes-key', place.keyFile, '--homes-options', options];
};

describe('a move that the register knows of', { timeout: SERVER_START_MS }, () => {
  beforeEach(async (context) => {
    const url = await sharedRedis(context);
    place = { redis: { url, keyPrefix: `test-${randomUUID()}`, timeoutMs: 2_000 }, keyFile: join(newFolder(), 'homes.key'), name: url };
    register = openSharedHomes(place);
    context.onTestFinished(() => register.close());
    gatewayFolder = newFolder();
    const map = openIdentityMap(gatewayFolder);
    ada = (await map.pseudonymsOf([ADA]))[0]!;
    await map.close();
    const told = { heir: null, transferBasis: null, startedAtMs: 0, brought: null };
    state = { format: 1, id: randomUUID(), claim: randomUUID(), ...MOVE, learner: ada, ...told };
    await keepInRegister(place, state, null);
  });

  it('keeps the mapping and refuses an erasure until it has ended, though another folder is named', async () => {
    const change = (name: string): Promise<string> =>
      commandOutput(['gateway', name, ADA, '--data', newFolder(), '--gateway-folder', gatewayFolder, ...homesWords(), '--json']);
    for (const name of ['erase', 'renew']) await expect(change(name)).rejects.toEqual(refusal('SFS_MOVE_UNDER_WAY'));
    const data = newFolder();
    await onStorage(data, () => Promise.resolve());
    const installation = { ...installationIn(data), homes: place };
    const key = SigningKey.at(join(erasuresFolder(installation), 'receipts.key'));
    await expect(eraseLearner({ installation, learner: ada, key })).rejects.toEqual(refusal('SFS_MOVE_UNDER_WAY'));
    await dropFromRegister(place, state);
    expect(await eraseLearner({ installation, learner: ada, key })).toMatchObject({ format: 'skillforge-erasure/1' });
    expect(JSON.parse(await change('erase'))).toEqual({ pseudonym: ada });
  });

  it('goes on in the folder that it was begun with alone, and is that of the pseudonym that the learner has now', async () => {
    const [here, elsewhere] = [new MoveJournal(newFolder(), 'digest'), new MoveJournal(newFolder(), 'digest')];
    here.keep(state);
    await assertBegunHere(place, here, ada);
    await expect(assertBegunHere(place, elsewhere, ada)).rejects.toEqual(refusal('SFS_MOVE_UNDER_WAY'));
    expect(await register.moveOf(ada)).toEqual({ ...MOVE, claim: state.claim, mark: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown });
    const renewed = { ...state, learner: 'renewed' as LearnerId };
    await keepInRegister(place, renewed, state);
    expect([await register.moveOf(ada), await register.moveOf('renewed')]).toEqual([null, expect.objectContaining(MOVE)]);
  });

  it('is one of two that began in the same moment in two folders, and goes on there alone, also after a kill', async () => {
    const journals = [new MoveJournal(newFolder(), 'digest'), new MoveJournal(newFolder(), 'digest')];
    await dropFromRegister(place, state);
    // Both have asked by now whether there is another one.
    const both = journals.map((journal) => ({ journal, state: { ...state, id: randomUUID(), claim: randomUUID() } }));
    for (const { journal, state: own } of both) journal.keep(own);
    const outcomes = await Promise.allSettled(both.map(({ state: own }) => keepInRegister(place, own, null)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [first, second] = outcomes[0]!.status === 'fulfilled' ? both : both.toReversed();
    await assertBegunHere(place, first!.journal, ada);
    await expect(assertBegunHere(place, second!.journal, ada)).rejects.toEqual(refusal('SFS_MOVE_UNDER_WAY'));
    await dropFromRegister(place, second!.state);
    expect(await register.moveOf(ada)).toMatchObject({ claim: first!.state.claim });
    await dropFromRegister(place, first!.state);
    expect(await register.moveOf(ada)).toBeNull();
  });

  it('and an erasure keep each other out, whichever of them the register hears of first', async () => {
    const data = newFolder();
    await onStorage(data, () => Promise.resolve());
    const installation = { ...installationIn(data), homes: place };
    const key = SigningKey.at(join(erasuresFolder(installation), 'receipts.key'));
    await expect(keepErasure(place, ada, 'eu-west')).rejects.toEqual(refusal('SFS_MOVE_UNDER_WAY'));
    await dropFromRegister(place, state);
    const tries: string[] = [];
    const reached = (step: string, when: string): void => {
      if (`${step} ${when}` === 'refuse begun') throw new Error('killed');
    };
    await expect(eraseLearner({ installation, learner: ada, key, reached })).rejects.toThrow('killed');
    await keepInRegister(place, state, null).catch((error: unknown) => tries.push(String(error)));
    expect(tries).toEqual([expect.stringContaining('an erasure of this learner in')]);
    await eraseLearner({ installation, learner: ada, key });
    await keepInRegister(place, state, null);
    expect(await register.moveOf(ada)).toMatchObject({ claim: state.claim });
  });

  it('that an earlier version began is gone on with where its journal is, and nowhere else', async () => {
    const [here, elsewhere] = [new MoveJournal(newFolder(), 'digest'), new MoveJournal(newFolder(), 'digest')];
    const { claim, ...old } = state;
    here.keep(old);
    const { mark } = (await register.moveOf(ada))!;
    const redis = new Redis(place.name);
    await redis.hset(`${homesKeys(place.redis.keyPrefix)}moving`, mark, 'eu-west eu-north');
    await redis.quit();
    expect(await register.moveOf(ada)).toMatchObject({ claim: '', ...MOVE });
    await assertBegunHere(place, here, ada);
    await expect(assertBegunHere(place, elsewhere, ada)).rejects.toEqual(refusal('SFS_MOVE_UNDER_WAY'));
    await keepInRegister(place, state, old);
    expect(await register.moveOf(ada)).toMatchObject({ claim });
  });
});
