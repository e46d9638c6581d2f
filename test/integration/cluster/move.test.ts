/** A learner moves between two regions on a real Kafka and Redis, while the gateways of both and a worker go on. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { openIdentityMap } from '../../../gateway/index.js';
import { topics } from '../../../schemas/index.js';
import { SERVER_STEPS } from '../../../scripts/privacy/erasure/serverSteps.js';
import { isAsSigned } from '../../../scripts/privacy/erasure/signing.js';
import { BRINGING_STEPS } from '../../../scripts/privacy/move/bringing.js';
import { commandOutput } from '../../fixtures/commandOutput.js';
import { at } from '../../topologies/clicks.js';
import { profile } from '../../topologies/statements.js';
import { SERVER_START_MS, needDriver, sharedKafka, sharedRedis } from '../servers.js';
import { ErasableRegion } from './erasable.js';
import { ADA, GatewayHost } from './gatewayCalls.js';
import { SendingApp, twoServerRegions } from './movingServers.js';
import type { Servers } from './replica.js';

const SLOW_MS = 300_000;
const refusal = (code: string) => expect.objectContaining({ code }) as unknown;

let host: GatewayHost;

beforeAll(async () => {
  host = await GatewayHost.start();
}, SLOW_MS);
afterAll(() => host.stop());

async function sharedServers(context: TestContext): Promise<Servers> {
  await needDriver('confluent', context);
  return { kafka: await sharedKafka(context), redis: await sharedRedis(context) };
}

describe('a move between servers', { timeout: SERVER_START_MS + SLOW_MS }, () => {
  it('has each event in exactly one region once, whatever step it was killed in, and leaves nothing in the old one', async (context) => {
    const servers = await sharedServers(context);
    let old: ErasableRegion | null = null;
    const regions = await twoServerRegions(servers, host, context, async (region, ada) => {
      old = await ErasableRegion.make(servers, { logDirs: [], redisDirs: [] }, context, { region, ada });
      return old.installation;
    });
    const { from, to, west, north, ada } = regions;
    const worker = await old!.worker();
    const app = new SendingApp([west, north]);
    context.onTestFinished(() => app.end().then(() => undefined));
    const { partitions, cleanup, retentionMs } = topics.profiles;
    await old!.opened.cluster.log.ensureTopic({ name: old!.topic(topics.profiles), partitions, cleanup, retentionMs });
    await expect.poll(() => app.confirmed.length).toBeGreaterThan(2);
    // The erasure is killed in each of its steps by a test of its own.
    const kills = [
      ...BRINGING_STEPS.map((step) => `${step} worked`),
      ...['rest begun', 'rest worked'],
      ...['refuse', 'rest', 'identity-map', 'data-key'].map((name) => `erase ${name} worked`),
      ...['receipt begun', 'receipt worked'],
    ];
    const decided: Promise<void>[] = [];
    for (const kill of kills) {
      const reached = (step: string, when: string): void => {
        if (`${step} ${when}` === kill) throw new Error(`killed: ${kill}`);
        // What people decide passes no gateway: this comes when all that there was has been brought, and before nothing is taken under the old pseudonym any more.
        if (kill === 'erase refuse worked' && `${step} ${when}` === 'rest worked')
          decided.push(old!.append(topics.profiles, [profile(ada, at(2)) as never]));
      };
      await expect(regions.move({ reached })).rejects.toThrow(`killed: ${kill}`);
      const sent = app.confirmed.length;
      await expect.poll(() => app.confirmed.length).toBeGreaterThan(sent + 1);
      await Promise.all(decided);
      expect([kill, app.confirmed.at(-1)!.region]).toEqual([kill, kills.indexOf(kill) < kills.indexOf('switch worked') ? from.region : to.region]);
    }
    const receipt = await regions.move();
    const sent = await app.end();
    // Nobody was told to come again, no answer was lost, and each event went to one region.
    expect([app.refusals, app.confirmed.filter(({ repeated }) => repeated > 0)]).toEqual([[], []]);
    const inNorth = await regions.clicksInNorth();
    expect(inNorth.filter((id) => id.startsWith('app-'))).toEqual(sent);
    expect(inNorth.length - sent.length).toBe(4);
    // Sent again to where its sender is sent by now, each is a repeat.
    for (const id of [sent[0]!, sent[1]!, app.confirmed.find(({ region }) => region === to.region)!.id])
      expect(await north.post(id)).toMatchObject({ status: 200, written: 0, repeated: 1 });
    expect(isAsSigned(receipt)).toBe(true);
    expect(receipt.carried).toMatchObject({ profiles: 1, clicks: 4 + app.confirmed.filter(({ region }) => region === from.region).length });
    expect(receipt.erasure.steps.map(({ step }) => step)).toEqual(['refuse', 'rest', ...SERVER_STEPS.slice(1).map(({ name }) => name)]);
    expect([ada, ADA].filter((name) => JSON.stringify(receipt).includes(name))).toEqual([]);
    expect(await regions.readable()).toEqual([]);
    expect(await regions.move()).toEqual(receipt);
    await worker.stop();
  });

  it('brings what a gateway had under way when the learner moved, once, also where it was sent again to the new region', async (context) => {
    const servers = await sharedServers(context);
    const regions = await twoServerRegions(servers, host, context);
    const { from, to, west, north, register } = regions;
    expect((await west.post('before')).status).toBe(200);
    const westWaits = west.hold();
    const answer = west.post('again', 'once', 'twice');
    await westWaits;
    const moved = regions.move();
    await expect.poll(() => register.find(ADA)).toBe(to.region);
    // Its sender has waited long enough, and sends it where the learner is at home by now: there it is under way, too, when the old region has ended.
    expect(await north.post('twice')).toMatchObject({ status: 200, written: 1 });
    const northWaits = north.hold();
    const again = north.post('again');
    await northWaits;
    await west.letGo();
    expect(await answer).toMatchObject({ status: 200, written: 3 });
    await expect.poll(() => register.underWay(ADA, from.region)).toEqual([]);
    expect(await register.underWay(ADA, to.region)).toHaveLength(1);
    await north.letGo();
    expect(await again).toMatchObject({ status: 200, written: 1 });
    const receipt = await moved;
    expect(await regions.clicksInNorth()).toEqual(['again', 'before', 'once', 'twice']);
    expect(receipt.carried).toEqual({ clicks: 2 });
    expect(await north.post('once')).toMatchObject({ status: 200, written: 0, repeated: 1 });
    expect(await regions.readable()).toEqual([]);
  });

  it('shuts out a gateway that is gone with something under way, beside one that has the map open, by the command', async (context) => {
    const servers = await sharedServers(context);
    const regions = await twoServerRegions(servers, host, context);
    const { from, to, homes, west, north, ada } = regions;
    for (const id of ['1', '2']) expect((await west.post(id)).status).toBe(200);
    // A process of this gateway that began a batch, and said nothing for a long time.
    await pretendGone(servers.redis, homes.redis.keyPrefix!, west.id, from.region);
    const options = join(from.data, 'homes.json');
    writeFileSync(options, JSON.stringify({ keyPrefix: homes.redis.keyPrefix }));
    const words = ['privacy', 'move', ADA, '--data', from.data, '--region', from.region, '--kafka', servers.kafka, '--redis', servers.redis];
    const there = ['--to-data', to.data, '--to-region', to.region, '--to-kafka', servers.kafka, '--to-redis', servers.redis];
    const register = ['--homes', servers.redis, '--homes-key', homes.keyFile, '--homes-options', options];
    const move = (...more: readonly string[]): Promise<string> => commandOutput([...words, '--gateway-folder', from.gatewayFolder, ...more]);
    await expect(move(...there, '--homes', from.data)).rejects.toEqual(refusal('SFS_MOVE_SERVERS'));
    await expect(move(...there.slice(0, 4), ...register)).rejects.toEqual(refusal('SFS_MOVE_SERVERS'));
    await expect(move(...there, '--homes', servers.redis)).rejects.toEqual(refusal('SFS_HOMES_KEY'));
    const receipt = JSON.parse(await move(...there, ...register, '--json')) as {
      readonly carried: object;
      readonly erasure: { readonly steps: readonly { readonly step: string; readonly did: object }[] };
    };
    // Its gateway has the map open.
    expect(receipt.carried).toEqual({ clicks: 2 });
    expect(receipt.erasure.steps.find(({ step }) => step === 'identity-map')!.did).toEqual({ mappings: 1, isGone: true, homes: 0 });
    const map = openIdentityMap(from.gatewayFolder);
    expect(map.find(ADA)).toBeNull();
    await map.close();
    expect(await regions.clicksInNorth()).toEqual(['1', '2']);
    expect(await north.post('2')).toMatchObject({ repeated: 1 });
    expect([await regions.readable(), ada.length]).toEqual([[], 36]);
    // It was alive, and only slow: it learns that it has lost its place.
    expect(await west.post('3')).toMatchObject({ status: 421, region: to.region });
  });
});

/** As if a process of the gateway had begun a batch with everybody in it, and its time had run out. */
async function pretendGone(url: string, prefix: string, gateway: string, region: string): Promise<void> {
  const client = new Redis(url);
  const at = `${prefix}:{/homes}:`;
  const marks = Buffer.concat(await client.hkeysBuffer(`${at}entries`));
  await client.hset(`${at}under-way`, `in ${gateway}`, Buffer.concat([Buffer.from(`gone ${region}\n`), marks]), `until ${gateway}`, 'gone 1');
  client.disconnect();
}
