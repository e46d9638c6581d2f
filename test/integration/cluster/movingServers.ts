/** Two regions on a real Kafka and Redis, the gateways of both, the register that they share, and an app that sends events throughout. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'vitest';
import { openIdentityMap } from '../../../gateway/index.js';
import { makeRegionRing } from '../../../runtime/keys/regionKeys.js';
import { learnerId, topics } from '../../../schemas/index.js';
import { openSharedHomes, type SharedHomeRegister, type SharedHomesPlace } from '../../../scripts/gateway/sharedHomes.js';
import type { Installation } from '../../../scripts/privacy/erasure/places.js';
import { erasuresFolder } from '../../../scripts/privacy/erasure/saga.js';
import { regionServers } from '../../../scripts/privacy/erasure/servers.js';
import { SigningKey, type Signed } from '../../../scripts/privacy/erasure/signing.js';
import { verifyErased } from '../../../scripts/privacy/erasure/verification.js';
import { eventsOf } from '../../../scripts/privacy/move/carry.js';
import { moveLearner, type MoveOptions, type MoveReceipt } from '../../../scripts/privacy/move/move.js';
import type { Side } from '../../../scripts/privacy/move/regionLogs.js';
import { newFolder } from '../../fixtures/folders.js';
import { needDriver, sharedKafka, sharedRedis } from '../servers.js';
import { ADA, type GatewayHost, type Posted, type ServerDoor } from './gatewayCalls.js';
import { newRegion, openOn, type Servers } from './replica.js';

type Closing = Pick<TestContext, 'onTestFinished'>;

/** Two regions. */
export interface TwoServerRegions {
  readonly from: Installation;
  readonly to: Side;
  readonly homes: SharedHomesPlace;
  readonly register: SharedHomeRegister;
  readonly west: ServerDoor;
  readonly north: ServerDoor;
  /** Ada's pseudonym in the old region. */
  readonly ada: string;
  move(more?: Partial<MoveOptions>): Promise<Signed<MoveReceipt>>;
  /** Identities of Ada's clicks in the new region, sorted. */
  clicksInNorth(): Promise<string[]>;
  /** Stores of the old region in which something of Ada's can be read. */
  readable(): Promise<string[]>;
}

/** What is special in them. */
export interface OldRegion {
  /** Makes the old region with keys, and what is in it. @returns its installation */
  readonly made?: (region: string, ada: string) => Promise<Installation>;
  /** Where its gateway runs, and where that reaches the register. */
  readonly west?: { readonly host: GatewayHost; readonly registerUrl: string };
}

/** Servers that several tests share. */
export async function movingServers(context: TestContext): Promise<Servers> {
  await needDriver('confluent', context);
  return { kafka: await sharedKafka(context), redis: await sharedRedis(context) };
}

/** Makes them; what was opened is closed when the test ends. */
export async function twoServerRegions(
  servers: Servers,
  host: GatewayHost,
  context: Closing,
  { made, west }: OldRegion = {},
): Promise<TwoServerRegions> {
  const [regionOfWest, regionOfNorth] = [newRegion(), newRegion()];
  const folder = newFolder();
  const keyFile = join(newFolder(), 'homes.key');
  const homes = { redis: { url: servers.redis, keyPrefix: `test-${randomUUID()}` }, keyFile, name: 'redis of the test' };
  const register = openSharedHomes(homes);
  context.onTestFinished(() => register.close());
  const map = openIdentityMap(folder);
  const [ada] = await map.pseudonymsOf([ADA]);
  await map.close();
  if (made === undefined) await withKeys(servers, regionOfWest);
  const installation = made === undefined ? null : await made(regionOfWest, ada!);
  await withKeys(servers, regionOfNorth);
  const ofWest = west === undefined ? homes : { ...homes, redis: { ...homes.redis, url: west.registerUrl } };
  const doorOfWest = await (west?.host ?? host).open({ servers, region: regionOfWest, homes: ofWest, folder });
  context.onTestFinished(() => doorOfWest.close());
  const data = newFolder();
  const doorOfNorth = await host.open({ servers, region: regionOfNorth, homes, folder: join(data, 'gateway') });
  context.onTestFinished(() => doorOfNorth.close());
  const from = { ...(installation ?? (await installationOn(servers, regionOfWest, context))), gatewayFolder: folder };
  const to = { data, region: regionOfNorth, gatewayFolder: join(data, 'gateway'), servers: await serversOf(servers, regionOfNorth, context) };
  return {
    ...{ from, to, homes, register, west: doorOfWest, north: doorOfNorth, ada: ada! },
    move: (more = {}) => moveLearner({ identity: ADA, from, to, homes, key: SigningKey.at(join(erasuresFolder(from), 'receipts.key')), ...more }),
    clicksInNorth: async () => {
      const heir = openIdentityMap(to.gatewayFolder);
      const learner = heir.find(ADA)!;
      await heir.close();
      return idsIn(to, learner);
    },
    readable: async () => {
      // As another process sees it: keys that this one has unwrapped are in its memory for a while.
      const fresh = { ...from, homes, servers: await serversOf(servers, regionOfWest, context) };
      return (await verifyErased(fresh, ada!)).flatMap(({ store, readable }) => (readable > 0 ? [store] : []));
    },
  };
}

/** Identities of a learner's clicks in a region, sorted. */
export async function idsIn({ region, servers }: Pick<Side, 'region' | 'servers'>, learner: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { eventId } of eventsOf({ tools: servers!.tools, region, learner: learnerId(learner) }, topics.clicks)) ids.push(eventId);
  return ids.sort();
}

async function withKeys(servers: Servers, region: string): Promise<void> {
  const opened = await openOn(servers, region);
  const { dataKeys: keys, documents } = opened.state;
  await makeRegionRing({ keys, documents }, { file: join(newFolder(), 'kek.json') }, Date.now());
  await opened.close();
}

async function installationOn(servers: Servers, region: string, context: Closing): Promise<Installation> {
  const data = newFolder();
  const places = { view: join(data, 'reader'), gatewayFolder: join(data, 'gateway'), chain: join(data, 'decisions') };
  return { data, region, ...places, also: [], featureStore: null, servers: await serversOf(servers, region, context) };
}

async function serversOf(servers: Servers, region: string, context: Closing): Promise<NonNullable<Side['servers']>> {
  const opened = await openOn(servers, region);
  context.onTestFinished(() => opened.close());
  const made = await regionServers(opened, { name: `servers of ${region}`, logDirs: [], redisDirs: [] });
  context.onTestFinished(() => made.close());
  return made;
}

/** Sends clicks one after the other, each until it is taken: where it is told to go it goes, and what has no answer it sends again. */
export class SendingApp {
  readonly confirmed: { readonly id: string; readonly region: string; readonly repeated: number }[] = [];
  readonly refusals: Posted[] = [];
  private isOver = false;
  private readonly running: Promise<void>;

  constructor(
    private readonly doors: readonly ServerDoor[],
    private readonly pauseMs = 40,
  ) {
    this.running = this.run();
  }

  /** Resolves when the last one is taken. @returns the identities of all, sorted */
  async end(): Promise<string[]> {
    this.isOver = true;
    await this.running;
    return this.confirmed.map(({ id }) => id).sort();
  }

  private async run(): Promise<void> {
    for (let n = 0; !this.isOver; n++, await sleep(this.pauseMs)) await this.send(`app-${n}`);
  }

  private async send(id: string): Promise<void> {
    // As one that knows nothing of the move.
    for (let door = this.doors[0]!; ;) {
      const { status, region, ...answer } = await door.post(id);
      if (status === 200) return void this.confirmed.push({ id, region: door.region, repeated: answer.repeated! });
      if (status !== 421) this.refusals.push({ status, ...answer });
      else door = this.doors.find((one) => one.region === region)!;
      await sleep(status === 421 ? 0 : 50);
    }
  }
}
