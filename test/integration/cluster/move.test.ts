/** A learner moves between two regions on a real Kafka and Redis, while the gateways of both and a worker go on. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topics } from '../../../schemas/index.js';
import { SERVER_STEPS } from '../../../scripts/privacy/erasure/serverSteps.js';
import type { Installation } from '../../../scripts/privacy/erasure/places.js';
import { eraseLearner, erasuresFolder } from '../../../scripts/privacy/erasure/saga.js';
import { SigningKey, isAsSigned } from '../../../scripts/privacy/erasure/signing.js';
import { BRINGING_STEPS } from '../../../scripts/privacy/move/bringing.js';
import { newFolder } from '../../fixtures/folders.js';
import { at } from '../../topologies/clicks.js';
import { profile } from '../../topologies/statements.js';
import { SERVER_START_MS } from '../servers.js';
import { ErasableRegion } from './erasable.js';
import { ADA, GatewayHost } from './gatewayCalls.js';
import { SendingApp, movingServers, twoServerRegions } from './movingServers.js';

const SLOW_MS = 300_000;

let host: GatewayHost;

beforeAll(async () => {
  host = await GatewayHost.start();
}, SLOW_MS);
afterAll(() => host.stop());

describe('a move between servers', { timeout: SERVER_START_MS + SLOW_MS }, () => {
  it('has each event in exactly one region once, whatever step it was killed in, and leaves nothing in the old one', async (context) => {
    const servers = await movingServers(context);
    let old: ErasableRegion | null = null;
    const made = async (region: string, ada: string): Promise<Installation> => {
      old = await ErasableRegion.make(servers, { logDirs: [], redisDirs: [] }, context, { region, ada });
      return old.installation;
    };
    const regions = await twoServerRegions(servers, host, context, { made });
    const { from, to, homes, register, west, north, ada } = regions;
    const elsewhere = { ...from, homes, data: newFolder() };
    const key = SigningKey.at(join(erasuresFolder(elsewhere), 'receipts.key'));
    const underWay = expect.objectContaining({ code: 'SFS_MOVE_UNDER_WAY' }) as unknown;
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
      // Whoever erases the learner is told of the move, whatever folder they name; so is whoever begins it anew there.
      if (kill === 'home worked') expect(await register.moveOf(ada)).toBeNull();
      else await expect(eraseLearner({ installation: elsewhere, learner: ada, key })).rejects.toEqual(underWay);
      if (kill === 'carry worked' || kill === 'rest worked') await expect(regions.move({ from: elsewhere })).rejects.toEqual(underWay);
    }
    const receipt = await regions.move();
    expect(await register.moveOf(ada)).toBeNull();
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
});
