/** Moves that ended early, and what happened before they were called again. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openHomeRegister, openIdentityMap } from '../../../gateway/index.js';
import { learnerId, topics } from '../../../schemas/index.js';
import { leaveOrder, wasTaken } from '../../../scripts/oversight/orderBox.js';
import { overrideOrder } from '../../../scripts/oversight/orders.js';
import { eraseLearner, erasuresFolder } from '../../../scripts/privacy/erasure/saga.js';
import { SigningKey } from '../../../scripts/privacy/erasure/signing.js';
import { verifyErased } from '../../../scripts/privacy/erasure/verification.js';
import { MoveJournal } from '../../../scripts/privacy/move/moveJournal.js';
import { newFolder } from '../../fixtures/folders.js';
import { ADA, REGION, copyOf, erasable, installationIn, type Erasable } from './erasable.js';
import { NORTH, clickOf, move, pseudonymOf, regionBeside, sent, settledGateway, valuesOf, type TwoRegions } from './moving.js';

const SLOW_MS = 300_000;
const SOUTH = 'south';

let made: Erasable;
let regions: TwoRegions;
let ada: string;

const refusal = (code: string) => expect.objectContaining({ code }) as unknown;
const keyOf = ({ from }: TwoRegions): SigningKey => SigningKey.at(join(erasuresFolder(from), 'receipts.key'));
const journalOf = (of: TwoRegions): MoveJournal => new MoveJournal(erasuresFolder(of.from), keyOf(of).digestOf(ADA));
const clicksOfAda = async (): Promise<number> => (await valuesOf(regions.from, topics.clicks, ada)).length;
const readable = async (): Promise<string[]> =>
  (await verifyErased({ ...regions.from, homes: regions.homes }, ada)).filter((place) => place.readable > 0).map(({ store }) => store);

/** Moves Ada, and ends early. */
async function endedAt(instant: string, more: Parameters<typeof move>[1] = {}): Promise<void> {
  const reached = (step: string, when: string): void => {
    if (`${step} ${when}` === instant) throw new Error('killed');
  };
  await expect(move(regions, { ...more, reached })).rejects.toThrow('killed');
}

/** Says that Ada is at home elsewhere by now, as a move between two other regions does. */
async function atHomeIn(to: string, from: string): Promise<void> {
  const register = openHomeRegister(regions.homes);
  expect(await register.move({ identity: ADA, learner: learnerId('another') }, { from, to })).toBe(true);
  await register.close();
}

const homeNow = async (): Promise<string | null> => {
  const register = openHomeRegister(regions.homes);
  const home = await register.find(ADA);
  await register.close();
  return home;
};

beforeAll(async () => {
  made = await erasable();
}, SLOW_MS);

describe('a move that ended early', { timeout: SLOW_MS }, () => {
  beforeEach(async () => {
    const place = copyOf(made);
    [regions, ada] = [await regionBeside(place.installation), place.ada];
    await settledGateway(regions.from.gatewayFolder, REGION);
  });

  it('erases nobody of whom nothing was brought, where their next event made the new region home', async () => {
    const clicks = await clicksOfAda();
    await endedAt('home begun');
    expect(journalOf(regions).read()).toBeNull();
    expect((await sent(regions.to, regions.homes, clickOf('next', Date.now()))).status).toBe(200);
    await expect(move(regions)).rejects.toEqual(refusal('SFS_MOVE_HOME'));
    // Nor where a journal says that a move began.
    const begun = { format: 1, id: 'i', from: REGION, to: NORTH, learner: learnerId(ada), heir: null, transferBasis: null } as const;
    journalOf(regions).keep({ ...begun, startedAtMs: 1, brought: null });
    await expect(move(regions)).rejects.toEqual(refusal('SFS_MOVE_HOME'));
    expect(await clicksOfAda()).toBe(clicks);
  });

  it('is refused with a gateway of another region on either side', async () => {
    const { from, to } = regions;
    await expect(move(regions, { to: { ...to, gatewayFolder: await settledGateway(newFolder(), SOUTH) } })).rejects.toEqual(
      refusal('SFS_REGION_MISMATCH'),
    );
    const gatewayFolder = await settledGateway(newFolder(), SOUTH);
    const map = openIdentityMap(gatewayFolder);
    await map.pseudonymsOf([ADA]);
    await map.close();
    await expect(move(regions, { from: { ...from, gatewayFolder } })).rejects.toEqual(refusal('SFS_REGION_MISMATCH'));
    expect(await homeNow()).toBeNull();
  });

  it('takes no order about the learner that it would erase', async () => {
    let path = '';
    const reached = (step: string, when: string): void => {
      if (`${step} ${when}` !== 'switch begun') return;
      const by = { region: REGION, by: 'a teacher', reason: 'asked for it', nowMs: Date.now() };
      path = leaveOrder(regions.from.data, overrideOrder(by, learnerId(ada), { baseline: true, pinned: [], excluded: [] }));
    };
    await move(regions, { reached });
    expect(existsSync(path)).toBe(false);
    await expect(wasTaken(path)).rejects.toEqual(refusal('SFS_LEARNER_ERASED'));
  });

  it('is finished though the learner has moved on, and nobody is brought back before', async () => {
    await endedAt('erase deny-list worked');
    const { from, to, homes } = regions;
    const back = { from: { ...installationIn(to.data), region: NORTH }, to: { ...from }, homes };
    await expect(move(back)).rejects.toEqual(refusal('SFS_MOVE_UNDER_WAY'));
    await atHomeIn(SOUTH, NORTH);
    await expect(move(regions, { to: { ...to, region: SOUTH } })).rejects.toEqual(refusal('SFS_MOVE_UNDER_WAY'));
    expect(await move(regions)).toMatchObject({ from: REGION, to: NORTH });
    expect([await readable(), await homeNow(), journalOf(regions).read()]).toEqual([[], SOUTH, null]);
  });

  it('is finished before the learner moves again, who came back another way', async () => {
    const clicks = await clicksOfAda();
    await endedAt('erase identity-map worked');
    await atHomeIn(REGION, NORTH);
    expect((await sent(regions.from, regions.homes, clickOf('back', Date.now()))).status).toBe(200);
    const receipt = await move(regions);
    expect(receipt.carried[topics.clicks.name]).toBe(1);
    expect(journalOf(regions).receipts()).toHaveLength(2);
    expect([await readable(), await homeNow()]).toEqual([[], NORTH]);
    expect(await valuesOf(regions.to, topics.clicks, (await pseudonymOf(regions.to.gatewayFolder))!)).toHaveLength(clicks + 1);
  });

  it('erases nobody whom the register has lost, and who is at home nowhere: it is written again first', async () => {
    const clicks = await clicksOfAda();
    const lose = async (): Promise<void> => {
      const register = openHomeRegister(regions.homes);
      expect(await register.forget(journalOf(regions).read()!.heir!)).toBe(1);
      await register.close();
    };
    await endedAt('switch worked');
    await lose();
    // What comes before that is brought.
    await endedAt('pseudonym worked');
    expect([await homeNow(), await clicksOfAda()]).toEqual([REGION, clicks]);
    await endedAt('erase deny-list worked');
    await lose();
    await move(regions);
    expect([await readable(), await homeNow(), journalOf(regions).read()]).toEqual([[], NORTH, null]);
    expect(await valuesOf(regions.to, topics.clicks, (await pseudonymOf(regions.to.gatewayFolder))!)).toHaveLength(clicks);
  });

  it('keeps its journal where that alone tells of an earlier pseudonym', async () => {
    await endedAt('switch worked');
    await atHomeIn(REGION, NORTH);
    const map = openIdentityMap(regions.from.gatewayFolder);
    await map.renew(ADA);
    await map.close();
    await expect(move(regions)).rejects.toEqual(refusal('SFS_MOVE_UNDER_WAY'));
    expect(journalOf(regions).read()?.learner).toBe(ada);
  });

  it('comes before an erasure of the learner', async () => {
    await endedAt('switch begun');
    const erase = () => eraseLearner({ installation: regions.from, learner: ada, key: keyOf(regions) });
    await expect(erase()).rejects.toEqual(refusal('SFS_MOVE_UNDER_WAY'));
    await move(regions);
    expect(await erase()).toMatchObject({ region: REGION });
  });

  it('stands on what was said last before the switch', async () => {
    await endedAt('carry worked', { transferBasis: 'first' });
    await endedAt('switch begun', { transferBasis: 'second' });
    await endedAt('switch worked');
    await expect(move(regions, { transferBasis: 'third' })).rejects.toEqual(refusal('SFS_MOVE_TRANSFER'));
    expect(await move(regions, { transferBasis: 'second' })).toMatchObject({ transferBasis: 'second' });
  });
});
