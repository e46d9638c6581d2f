/** What gateways have under way while a learner moves between two regions on a real Kafka and Redis: it is waited for, or its gateway is shut out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIdentityMap } from '../../../gateway/index.js';
import { commandOutput } from '../../fixtures/commandOutput.js';
import { Proxy } from '../redis/proxy.js';
import { SERVER_START_MS } from '../servers.js';
import { ADA, GatewayHost } from './gatewayCalls.js';
import { movingServers, twoServerRegions } from './movingServers.js';

const SLOW_MS = 300_000;
const refusal = (code: string) => expect.objectContaining({ code }) as unknown;

let host: GatewayHost;

beforeAll(async () => {
  host = await GatewayHost.start();
}, SLOW_MS);
afterAll(() => host.stop());

describe('what is under way when a learner moves between servers', { timeout: SERVER_START_MS + SLOW_MS }, () => {
  it('brings what a gateway had under way when the learner moved, once, also where it was sent again to the new region', async (context) => {
    const servers = await movingServers(context);
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
    const servers = await movingServers(context);
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

  it.for(['is stopped', 'is cut off from the register'] as const)(
    'is never written by a gateway that %s, was shut out, and goes on',
    async (how, context) => {
      const servers = await movingServers(context);
      const port = Number(new URL(servers.redis).port);
      const [hostOfWest, proxy] = [await GatewayHost.start(), await Proxy.start(port)];
      context.onTestFinished(() => hostOfWest.stop());
      context.onTestFinished(() => proxy.close());
      const regions = await twoServerRegions(servers, host, context, { west: { host: hostOfWest, registerUrl: `redis://127.0.0.1:${proxy.port}` } });
      const { from, west, north, register } = regions;
      const goOn = async (): Promise<void> => {
        hostOfWest.goOn();
        proxy.lead(port);
        await west.letGo();
      };
      context.onTestFinished(goOn);
      expect((await west.post('before')).status).toBe(200);
      const waits = west.hold();
      const answer = west.post('late');
      await waits;
      // Stopped in the middle of a look into its map it would keep LMDB from using pages again, on which the learner is: then the receipt tells what is left.
      await sleep(100);
      if (how === 'is stopped') hostOfWest.pause();
      else proxy.leadNowhere();
      const receipt = await regions.move();
      expect(receipt.carried).toEqual({ clicks: 1 });
      expect(await register.underWay(ADA, from.region)).toEqual([]);
      await goOn();
      // Had it been taken now it would be in no region: what is the learner's there is unreadable by now.
      expect(await answer).toMatchObject({ status: 503, code: 'SFS_FENCED' });
      expect(await north.post('late')).toMatchObject({ status: 200, written: 1 });
      expect(await regions.clicksInNorth()).toEqual(['before', 'late']);
      expect(await regions.readable()).toEqual([]);
    },
  );
});

/** As if a process of the gateway had begun a batch with everybody in it, and its time had run out. */
async function pretendGone(url: string, prefix: string, gateway: string, region: string): Promise<void> {
  const client = new Redis(url);
  const at = `${prefix}:{/homes}:`;
  const marks = Buffer.concat(await client.hkeysBuffer(`${at}entries`));
  await client.hset(`${at}under-way`, `in ${gateway}`, Buffer.concat([Buffer.from(`gone ${region}\n`), marks]), `until ${gateway}`, 'gone 1');
  client.disconnect();
}
