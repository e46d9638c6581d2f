import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHomeRegister, type HomeRegister } from '../../gateway/index.js';
import { learnerId } from '../../schemas/index.js';
import { newFolder } from '../fixtures/folders.js';
import { Door, NOW_MS, REGION, click, problem, type Answer } from './gateways.js';

const NORTH = 'eu-north';
const ADA = 'mailto:ada@example.org';
const BOB = 'mailto:bob@example.org';
const VERSION = { 'x-experience-api-version': '1.0.3' };

let folder: string;
let homes: HomeRegister;
let west: Door;
let north: Door;

const regionIn = ({ json }: Answer): unknown => (json as { region?: string }).region;
const refusedTo = (answer: Answer): unknown[] => [answer.status, regionIn(answer)];
const metric = async (door: Door, name: string): Promise<string[]> =>
  (await door.ask('GET', '/metrics')).text.split('\n').filter((line) => line.startsWith(name));

beforeEach(async () => {
  folder = newFolder();
  homes = openHomeRegister(folder);
  west = await Door.open({ homes });
  north = await Door.open({ homes, region: NORTH });
});

afterEach(async () => {
  await west.close();
  await north.close();
  await homes.close();
});

describe('the register of homes', () => {
  it('makes the region of the first event home, whatever later events say', async () => {
    expect((await west.post(click('1'))).status).toBe(200);
    expect(refusedTo(await north.post(click('2')))).toEqual([421, REGION]);
    expect(refusedTo(await north.post(click('2', { region: NORTH })))).toEqual([421, REGION]);
    // A sender whose knowledge of the region is old is taken in where the learner is.
    expect((await west.post(click('2', { region: NORTH }))).json).toEqual({ written: 1, repeated: 0 });
    expect(west.records('clicks').map(({ value }) => value['region'])).toEqual([REGION, REGION]);
    expect(north.records('clicks')).toEqual([]);
    expect(north.identities.find(ADA)).toBeNull();
    expect(await metric(north, 'skillforge_gateway_other_region_total')).toEqual([`skillforge_gateway_other_region_total{region="${REGION}"} 2`]);
  });

  it('leaves those of whom it knows nothing to what the event and the options say', async () => {
    expect(refusedTo(await west.post(click('1', { region: NORTH })))).toEqual([421, NORTH]);
    await west.restart({ homes, elsewhere: new Map([['mailto:ada', NORTH]]) });
    expect(refusedTo(await west.post(click('1')))).toEqual([421, NORTH]);
    expect(await homes.find(ADA)).toBeNull();
    await homes.settle([{ identity: ADA, learner: learnerId('a') }], REGION);
    expect((await west.post(click('1'))).status).toBe(200);
  });

  it('refuses a list with one learner who is at home elsewhere, and statements', async () => {
    await north.post(click('1'));
    const list = await west.post([click('2', { learner: BOB }), click('3')]);
    expect([...problem(list), regionIn(list)]).toEqual([421, 'SFS_REGION_OTHER', 'region', 1, NORTH]);
    expect(await homes.find(BOB)).toBeNull();
    const statement = {
      actor: { mbox: ADA },
      verb: { id: 'http://adlnet.gov/expapi/verbs/experienced' },
      object: { id: 'i1' },
      context: { contextActivities: { grouping: [{ id: 'c' }] } },
    };
    expect(refusedTo(await west.ask('POST', '/xapi/statements', statement, VERSION))).toEqual([421, NORTH]);
    expect((await north.ask('POST', '/xapi/statements', statement, VERSION)).status).toBe(200);
  });

  it('lets one of two gateways have a learner whom both meet at the same time', async () => {
    for (let n = 0; n < 20; n++) {
      const learner = `mailto:learner-${n}@example.org`;
      const answers = await Promise.all([west, north].map((door) => door.post(click(`${n}`, { learner }))));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 421]);
      const taking = answers[0]!.status === 200 ? REGION : NORTH;
      expect(answers.map(regionIn).filter((region) => region !== undefined)).toEqual([taking]);
      expect(await homes.find(learner)).toBe(taking);
    }
    expect(west.records('clicks').length + north.records('clicks').length).toBe(20);
  });

  it('is followed while a learner moves and events come: whoever goes where the answer says is taken in, once', async () => {
    await west.post(click('first'));
    const doors = new Map([
      [REGION, west],
      [NORTH, north],
    ]);
    const sendTo = async (eventId: string, region: string): Promise<void> => {
      const answer = await doors.get(region)!.post(click(eventId));
      // Where the switch came between the two, the other one takes it.
      if (answer.status === 421) return sendTo(eventId, regionIn(answer) as string);
      expect(answer.json).toEqual({ written: 1, repeated: 0 });
    };
    const sending = Array.from({ length: 60 }, async (_, n) => {
      for (let turn = 0; turn < n; turn++) await Promise.resolve();
      await sendTo(`${n}`, n % 2 === 0 ? REGION : NORTH);
    });
    const removal = { from: REGION, to: NORTH };
    expect(await homes.move({ identity: ADA, learner: learnerId('new') }, removal)).toBe(true);
    await Promise.all(sending);
    expect(refusedTo(await west.post(click('last')))).toEqual([421, NORTH]);
    await sendTo('last', REGION);
    const ids = [...west.records('clicks'), ...north.records('clicks')].map(({ value }) => value.eventId);
    expect(ids.sort()).toEqual(['first', 'last', ...Array.from({ length: 60 }, (_, n) => `${n}`)].sort());
    expect(await homes.move({ identity: ADA, learner: learnerId('new') }, removal)).toBe(false);
  });

  it('is asked again when a batch is made: a request that waited while its learner moved is refused, and leaves no pseudonym', async () => {
    await west.post(click('first', { learner: BOB }));
    const waiting = west.post(click('1'));
    await homes.settle([{ identity: ADA, learner: learnerId('a') }], NORTH);
    expect(refusedTo(await waiting)).toEqual([421, NORTH]);
    expect(west.records('clicks').map(({ value }) => value.eventId)).toEqual(['first']);
  });

  it('finds an entry by the pseudonym, also after a renewal, and forgets it', async () => {
    await west.post(click('1'));
    await west.post(click('1', { learner: BOB, eventId: 'b' }));
    const first = west.identities.find(ADA)!;
    expect(await homes.homesOf(first)).toEqual([REGION]);
    const second = await west.identities.renew(ADA);
    await west.post(click('2'));
    expect([await homes.homesOf(first), await homes.homesOf(second)]).toEqual([[], [REGION]]);
    expect([await homes.forget(second), await homes.forget(second)]).toEqual([1, 0]);
    expect([await homes.find(ADA), await homes.find(BOB)]).toEqual([null, REGION]);
    expect((await north.post(click('3'))).status).toBe(200);
  });

  it('holds no identity and no pseudonym, and is nobody’s without its key', async () => {
    await west.post(click('1'));
    const pseudonym = west.identities.find(ADA)!;
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(join(folder, name));
      expect([name, bytes.includes('ada'), bytes.includes(pseudonym)]).toEqual([name, false, false]);
    }
    await homes.close();
    rmSync(join(folder, 'homes.key'));
    expect(() => openHomeRegister(folder)).toThrow(expect.objectContaining({ code: 'SFS_GATEWAY_STORE' }) as Error);
    folder = newFolder();
    homes = openHomeRegister(folder);
  });

  it('takes events that were brought from another gateway for repeats, for as long as others', async () => {
    const { ReceivedEvents, receivedKey, KEPT_MS } = await import('../../gateway/index.js');
    const own = newFolder();
    const received = await ReceivedEvents.open(own);
    await received.noteCarried([receivedKey('a'), receivedKey('b')], NOW_MS);
    await received.noteCarried([receivedKey('b'), receivedKey('c')], NOW_MS + 1);
    // They are in the log of this region, wherever that is.
    await received.forgetAfter(0);
    expect(['a', 'b', 'c', 'd'].map((id) => received.digestOf(receivedKey(id)) !== null)).toEqual([true, true, true, false]);
    // Moves that go on keep none of before.
    await received.noteCarried([receivedKey('e')], NOW_MS + KEPT_MS);
    received.refresh();
    await received.note(1, [{ key: receivedKey('d'), digest: Buffer.alloc(8, 1) }], NOW_MS + KEPT_MS + 2);
    expect(['a', 'b', 'c', 'd', 'e'].map((id) => received.digestOf(receivedKey(id)) !== null)).toEqual([false, false, false, true, true]);
    await received.close();
  });

  it('takes events of a learner who went away and came back for repeats, though it took them under another pseudonym', async () => {
    const { ReceivedEvents, receivedKey, KEPT_MS } = await import('../../gateway/index.js');
    const { contentDigest, isOtherContent } = await import('../../gateway/receivedEvents.js');
    const received = await ReceivedEvents.open(newFolder());
    const [key, digest] = [receivedKey('a'), contentDigest('under the old pseudonym')];
    await received.note(1, [{ key, digest }], NOW_MS);
    await received.noteCarried([key], NOW_MS + 1);
    const remembered = (): Buffer | null => {
      received.refresh();
      return received.digestOf(key);
    };
    expect([remembered() !== null, isOtherContent(remembered(), contentDigest('under the new one'))]).toEqual([true, false]);
    // It was brought: the end of its first batch is not its own.
    await received.forgetAfter(0);
    expect(remembered()).not.toBeNull();
    await received.note(1, [], NOW_MS + KEPT_MS + 2);
    expect(remembered()).toBeNull();
    await received.close();
  });

  it('takes events that are brought beside a gateway for repeats, but those that it has taken itself, and has it look again', async () => {
    const { ReceivedEvents, receivedKey } = await import('../../gateway/index.js');
    const own = newFolder();
    const received = await ReceivedEvents.open(own);
    const beside = await ReceivedEvents.beside(own);
    const digest = Buffer.alloc(8, 1);
    const keys = ['a', 'b'].map(receivedKey);
    const nothingKnown = new Map<string, string>();
    received.refresh();
    expect(await received.note(7, [{ key: keys[0]!, digest }], NOW_MS)).toBe(true);
    const [seventh, brought] = await beside.claim(keys, NOW_MS, nothingKnown);
    expect([typeof seventh, brought]).toEqual(['string', null]);
    // The gateway had looked before, and found neither.
    expect(await received.note(8, [{ key: keys[1]!, digest }], NOW_MS)).toBe(false);
    received.refresh();
    expect([received.digestOf(keys[0]!), received.digestOf(keys[1]!)]).toEqual([digest, Buffer.alloc(8)]);
    expect(await received.note(8, [{ key: receivedKey('c'), digest }], NOW_MS)).toBe(true);
    // A batch that never came to be in the log is forgotten; one that is of somebody else is known by its number.
    await received.forgetAfter(7);
    expect(await beside.claim([receivedKey('c')], NOW_MS, nothingKnown)).toEqual([null]);
    // Its number comes again where it did not get into the log, at the same time even: that is another batch.
    await received.forgetAfter(6);
    expect(await received.note(7, [{ key: keys[0]!, digest }], NOW_MS)).toBe(true);
    const known = new Map([[keys[0]!.toString('latin1'), seventh!]]);
    const [again] = await beside.claim(keys, NOW_MS, known);
    expect([typeof again, again === seventh]).toEqual(['string', false]);
    expect(await beside.claim(keys, NOW_MS, new Map([[keys[0]!.toString('latin1'), again!]]))).toEqual([null, null]);
    received.refresh();
    expect(received.digestOf(keys[0]!)).toEqual(Buffer.alloc(8));
    await beside.close();
    await received.close();
    await expect(ReceivedEvents.beside(newFolder())).rejects.toMatchObject({ code: 'SFS_GATEWAY_STORE' });
  });
});
