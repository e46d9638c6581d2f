/** What a register of homes in a real Redis tells of moves that have not ended, whatever folder is named. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openIdentityMap } from '../../../gateway/index.js';
import type { LearnerId } from '../../../schemas/index.js';
import { openSharedHomes, type SharedHomeRegister, type SharedHomesPlace } from '../../../scripts/gateway/sharedHomes.js';
import { erasuresFolder, eraseLearner } from '../../../scripts/privacy/erasure/saga.js';
import { SigningKey } from '../../../scripts/privacy/erasure/signing.js';
import { MoveJournal, type MoveState } from '../../../scripts/privacy/move/moveJournal.js';
import { assertBegunHere, dropFromRegister, keepInRegister } from '../../../scripts/privacy/move/movesInRegister.js';
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
let state: MoveState;

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
    state = { format: 1, id: randomUUID(), ...MOVE, learner: ada, ...told };
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
    expect(await register.moveOf(ada)).toEqual({ ...MOVE, mark: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown });
    const renewed = { ...state, learner: 'renewed' as LearnerId };
    await keepInRegister(place, renewed, state);
    expect([await register.moveOf(ada), await register.moveOf('renewed')]).toEqual([null, expect.objectContaining(MOVE)]);
  });
});
