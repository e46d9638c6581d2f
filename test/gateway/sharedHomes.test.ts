/** The register of homes in a real Redis, in front of two gateways: what it says, what is under way, and what happens while it is away. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, it, type TestContext } from 'vitest';
import type { EventLog } from '../../gateway/index.js';
import { learnerId } from '../../schemas/index.js';
import { assertLetIn } from '../../scripts/gateway/homesPlace.js';
import { openSharedHomes, type SharedHomeRegister, type SharedHomesPlace } from '../../scripts/gateway/sharedHomes.js';
import { newFolder } from '../fixtures/folders.js';
import { Proxy } from '../integration/redis/proxy.js';
import { SERVER_START_MS, sharedRedis } from '../integration/servers.js';
import { Door, REGION, click, problem, type Answer } from './gateways.js';

const NORTH = 'eu-north';
const ADA = 'mailto:ada@example.org';
const BOB = 'mailto:bob@example.org';

let url: string;
let prefix: string;
let place: SharedHomesPlace;

const regionIn = ({ json }: Answer): unknown => (json as { region?: string }).region;
const refusedTo = (answer: Answer): unknown[] => [answer.status, regionIn(answer)];

/** Another process that goes by the register. */
function opened(context: TestContext, gateway?: string, at = place): SharedHomeRegister {
  const homes = openSharedHomes(at, gateway);
  context.onTestFinished(() => homes.close());
  return homes;
}

async function door(context: TestContext, region: string, homes: SharedHomeRegister, between?: (log: EventLog) => EventLog): Promise<Door> {
  const made = await Door.open({ homes, region, ...(between && { between }) });
  context.onTestFinished(() => made.close());
  return made;
}

/** A log whose next batches wait until they are let go. */
function held(): { readonly between: (log: EventLog) => EventLog; readonly waiting: Promise<void>; readonly letGo: () => void } {
  let [begun, letGo] = [(): void => undefined, (): void => undefined];
  const waiting = new Promise<void>((resolve) => (begun = resolve));
  const gone = new Promise<void>((resolve) => (letGo = resolve));
  const between = (log: EventLog): EventLog => ({
    get last() {
      return log.last;
    },
    append: async (batch, events) => {
      begun();
      await gone;
      return log.append(batch, events);
    },
    recover: () => log.recover(),
    close: () => log.close(),
  });
  return { between, waiting, letGo: () => letGo() };
}

describe('the register of homes in Redis', { timeout: SERVER_START_MS }, () => {
  beforeEach(async (context) => {
    url = await sharedRedis(context);
    prefix = `test-${randomUUID()}`;
    place = { redis: { url, keyPrefix: prefix, timeoutMs: 2_000 }, keyFile: join(newFolder(), 'homes.key'), name: 'redis of the test' };
  });

  it('makes the region of the first event home, goes before what events say, and lets one of two gateways have a learner', async (context) => {
    const [west, north] = [await door(context, REGION, opened(context)), await door(context, NORTH, opened(context))];
    expect((await west.post(click('1'))).status).toBe(200);
    expect(refusedTo(await north.post(click('2', { region: NORTH })))).toEqual([421, REGION]);
    expect((await west.post(click('2', { region: NORTH }))).json).toEqual({ written: 1, repeated: 0 });
    expect(refusedTo(await west.post(click('3', { learner: BOB, region: NORTH })))).toEqual([421, NORTH]);
    expect(north.identities.find(ADA)).toBeNull();
    for (let n = 0; n < 10; n++) {
      const learner = `mailto:learner-${n}@example.org`;
      const answers = await Promise.all([west, north].map((one) => one.post(click(`l-${n}`, { learner }))));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 421]);
    }
    const list = await north.post([click('4', { learner: BOB }), click('5')]);
    expect([...problem(list), regionIn(list)]).toEqual([421, 'SFS_REGION_OTHER', 'region', 1, REGION]);
    expect(await opened(context).find(BOB)).toBeNull();
  });

  it('is one write for a move, finds an entry by the pseudonym, also after a renewal, and forgets it', async (context) => {
    const homes = opened(context);
    const west = await door(context, REGION, opened(context));
    await west.post(click('1'));
    const first = west.identities.find(ADA)!;
    expect(await homes.homesOf(first)).toEqual([REGION]);
    const second = await west.identities.renew(ADA);
    await west.post(click('2'));
    expect([await homes.homesOf(first), await homes.homesOf(second)]).toEqual([[], [REGION]]);
    const resident = { identity: ADA, learner: learnerId('heir') };
    expect([await homes.move(resident, { from: NORTH, to: REGION }), await homes.find(ADA)]).toEqual([false, REGION]);
    expect([await homes.move(resident, { from: REGION, to: NORTH }), await homes.find(ADA)]).toEqual([true, NORTH]);
    // Sent again, where its answer was lost, it is no other move.
    expect([await homes.move(resident, { from: REGION, to: NORTH }), await homes.find(ADA)]).toEqual([true, NORTH]);
    expect(refusedTo(await west.post(click('3')))).toEqual([421, NORTH]);
    expect([await homes.forget(second), await homes.forget('heir'), await homes.find(ADA)]).toEqual([0, 1, null]);
  });

  it('knows who is in a batch that is under way, whatever becomes of them meanwhile, until it has ended', async (context) => {
    const homes = opened(context);
    const hold = held();
    const gateway = opened(context, 'gateway-1');
    const west = await door(context, REGION, gateway, hold.between);
    const answer = west.post([click('1'), click('2', { learner: BOB })]);
    await hold.waiting;
    const batch = expect.objectContaining({ gateway: 'gateway-1', isOverdue: false }) as unknown;
    expect(await homes.underWay(ADA, REGION)).toEqual([batch]);
    expect([await homes.underWay(ADA, NORTH), await homes.underWay('mailto:eve@example.org', REGION)]).toEqual([[], []]);
    expect(await homes.move({ identity: ADA, learner: learnerId('heir') }, { from: REGION, to: NORTH })).toBe(true);
    expect(await homes.underWay(ADA, REGION)).toEqual([batch]);
    hold.letGo();
    expect((await answer).status).toBe(200);
    await expect.poll(() => homes.underWay(ADA, REGION)).toEqual([]);
    // Those who are at home elsewhere are in no batch of this region.
    await gateway.begin([ADA, BOB], REGION);
    expect([await homes.underWay(ADA, REGION), await homes.underWay(BOB, REGION)]).toEqual([[], [batch]]);
    // Another process of the same gateway knows what became of it.
    await opened(context, 'gateway-1').end();
    expect(await homes.underWay(BOB, REGION)).toEqual([]);
  });

  it('takes the end of an earlier batch for no end of a later one', async (context) => {
    const homes = opened(context);
    const [old, next] = [opened(context, 'g'), opened(context, 'g')];
    await old.begin([ADA], REGION);
    const [batch] = await homes.underWay(ADA, REGION);
    await next.begin([ADA], REGION);
    await old.end();
    await homes.endOf(batch!);
    expect(await homes.underWay(ADA, REGION)).toHaveLength(1);
    await next.end();
    expect(await homes.underWay(ADA, REGION)).toEqual([]);
  });

  it('is asked by a gateway that answers 503 while it is away, and loses nothing', async (context) => {
    const proxy = await Proxy.start(Number(new URL(url).port));
    context.onTestFinished(() => proxy.close());
    const behind = { ...place, redis: { keyPrefix: prefix, url: `redis://127.0.0.1:${proxy.port}`, timeoutMs: 300 } };
    proxy.leadNowhere();
    const west = await door(context, REGION, opened(context, 'g', behind));
    const away = await west.post(click('1'));
    expect([...problem(away), away.headers['retry-after']]).toEqual([503, 'SFS_HOMES_UNAVAILABLE', '1']);
    proxy.lead(Number(new URL(url).port));
    await expect.poll(async () => (await west.post(click('1'))).status).toBe(200);
    proxy.leadNowhere();
    expect((await west.post([click('2'), click('3', { learner: BOB })])).status).toBe(503);
    proxy.lead(Number(new URL(url).port));
    await expect.poll(async () => (await west.post([click('2'), click('3', { learner: BOB })])).status).toBe(200);
    expect(
      west
        .records('clicks')
        .map(({ value }) => value.eventId)
        .sort(),
    ).toEqual(['1', '2', '3']);
    // What was asked of it while it was away, and came late, counts as nothing under way.
    await expect.poll(() => opened(context).underWay(ADA, REGION)).toEqual([]);
  });

  it('holds no identity and no pseudonym, and is refused with another key', async (context) => {
    const west = await door(context, REGION, opened(context));
    await west.post(click('1'));
    const client = new Redis(url);
    context.onTestFinished(() => client.disconnect());
    const entries = await client.hgetallBuffer(`${prefix}:{/homes}:entries`);
    const bytes = Buffer.concat(Object.entries(entries).flatMap(([key, value]) => [Buffer.from(key, 'latin1'), value]));
    const pseudonym = west.identities.find(ADA)!;
    expect([Object.keys(entries).length, bytes.includes('ada'), bytes.includes(pseudonym), bytes.includes(readFileSync(place.keyFile))]).toEqual([
      1,
      false,
      false,
      false,
    ]);
    const other = { ...place, keyFile: join(newFolder(), 'other.key') };
    await expect(opened(context, 'g', other).find(ADA)).rejects.toMatchObject({ code: 'SFS_HOMES_KEY' });
    // A gateway learns it when it starts, and what of its user, too; from one that is away it learns nothing.
    await expect(assertLetIn(opened(context, 'g', other))).rejects.toMatchObject({ code: 'SFS_HOMES_KEY' });
    const wrong = { ...place, redis: { ...place.redis, username: 'nobody', password: 'wrong' } };
    await expect(assertLetIn(opened(context, 'g', wrong))).rejects.toMatchObject({ code: 'SFS_STATE_REFUSED' });
    await assertLetIn(opened(context, 'g', { ...place, redis: { ...place.redis, url: 'redis://127.0.0.1:1', timeoutMs: 300 } }));
    await assertLetIn(opened(context));
    // None is left that would be taken for the right one.
    expect(existsSync(other.keyFile)).toBe(false);
  });

  it('counts a batch whose gateway says nothing any more as overdue, and one that goes on not', async (context) => {
    const { openRedisHomes } = await import('../../runtime/redis/index.js');
    const store = await openRedisHomes(place.redis);
    context.onTestFinished(() => store.close());
    // A mark that stands across two others is no one's.
    const marks = [Buffer.from('aaaaaaaabbbbbbbb'), Buffer.from('ccccccccdddddddd')];
    const batch = { gateway: 'g', batch: 'b-1', lastsMs: 50 };
    expect(await store.begin({ ...batch, region: REGION }, marks)).toEqual([null, null]);
    expect(await store.underWay(Buffer.from('bbbbbbbbcccccccc'), REGION)).toEqual([]);
    await sleep(80);
    expect(await store.underWay(marks[1]!, REGION)).toEqual([{ gateway: 'g', batch: 'b-1', isOverdue: true }]);
    await store.extend({ ...batch, batch: 'b-0', lastsMs: 60_000 });
    expect((await store.underWay(marks[1]!, REGION))[0]!.isOverdue).toBe(true);
    await store.extend({ ...batch, lastsMs: 60_000 });
    expect((await store.underWay(marks[0]!, REGION))[0]!.isOverdue).toBe(false);
    const many = Array.from({ length: 2_500 }, (_, n) => Buffer.from(String(n).padStart(16, '0')));
    const residents = many.map((mark) => ({ mark, entry: Buffer.concat([mark, Buffer.from(REGION)]) }));
    expect(await store.settle(REGION, residents)).toHaveLength(2_500);
    expect((await store.begin({ ...batch, region: REGION }, many)).map(String)).toEqual(residents.map(({ entry }) => String(entry)));
    expect(await store.ofOwner(many[2_499]!)).toHaveLength(1);
  });
});
