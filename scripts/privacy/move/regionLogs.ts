/** The logs of the two regions of a move: folders of this machine, each the process's own meanwhile, or servers on which gateways and workers go on. */
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { IDENTITY_FILE, ReceivedEvents, openIdentityMap, regionNotedIn, type IdentityMap } from '../../../gateway/index.js';
import { partitionRecords } from '../../../runtime/cluster/partitionRecords.js';
import { SchemaGate } from '../../../runtime/cluster/schemaGate.js';
import type { EmbeddedStorage } from '../../../runtime/embedded/index.js';
import { isUnlinkable } from '../../../runtime/keys/openedRecord.js';
import { localTools } from '../../../runtime/localTools.js';
import type { LogRecord, ToolAccess } from '../../../runtime/ports.js';
import { SkillForgeError, physicalTopicName, regionMismatch } from '../../../schemas/index.js';
import { quietFolder, readingFolder, withFolder } from '../../commands/folder.js';
import { gatewayWriter } from '../../gateway/writerLog.js';
import type { Installation } from '../erasure/places.js';
import type { RegionServers } from '../erasure/servers.js';
import { CARRIED } from './carry.js';

/** A region that a learner leaves, or comes to. */
export type Side = Pick<Installation, 'data' | 'region' | 'gatewayFolder' | 'servers'>;

/** The log of a region, as a move reads it and appends to it. */
export interface RegionLog {
  readonly tools: ToolAccess;
  /** Since when nothing is taken under a pseudonym, ms since epoch; `null` where something is. */
  erasedSince(learner: string): Promise<number | null>;
  /** Resolves when what was appended survives a loss of power. */
  flushed(): Promise<void>;
  /** Shuts out a gateway that is gone: what it had under way can be read then, or will never be there. @param id - of its folder */
  shutOut(id: string): Promise<void>;
}

/**
 * Runs `work` on the logs of two regions. Folders are this process's own meanwhile; what people decide about learners of the old one waits: taken after its topic has been read it would stay behind.
 * @throws SFS_FOLDER_MISSING, SFS_FOLDER_LOCKED, SFS_REGION_MISMATCH, and what `work` throws
 */
export async function onLogs<T>(from: Side, to: Side, work: (source: RegionLog, target: RegionLog) => Promise<T>): Promise<T> {
  if (from.servers !== undefined && to.servers !== undefined) return work(serverLog(from.region, from.servers), serverLog(to.region, to.servers));
  return quietFolder(from.data, (source) =>
    withFolder(to.data, (target) => {
      assertRegionOf(from.data, source, from.region);
      assertRegionOf(to.data, target, to.region);
      return work(folderLog(source), folderLog(target));
    }),
  );
}

/** Since when a region takes nothing under a pseudonym; `null` where it does. @throws SFS_FOLDER_MISSING, and what asking servers throws */
export function erasedSince({ data, region, servers }: Side, learner: string): Promise<number | null> {
  if (servers !== undefined) return serverLog(region, servers).erasedSince(learner);
  return readingFolder(data, (storage) => storage.erasedSince(learner));
}

function folderLog(storage: EmbeddedStorage): RegionLog {
  return {
    tools: localTools(storage),
    erasedSince: (learner) => Promise.resolve(storage.erasedSince(learner)),
    flushed: () => storage.flushed(),
    // The folder is this process's own: no gateway has anything under way.
    shutOut: () => Promise.resolve(),
  };
}

function serverLog(region: string, servers: RegionServers): RegionLog {
  const { tools, ring, state, broker, admin } = servers;
  // By the ring that passes over nobody: who is refused by now has records that are to be brought, for as long as their key is there.
  const gate = new SchemaGate(tools.schemas, () => undefined, servers.keys);
  const records: ToolAccess['records'] = (topic, partition, from) =>
    readableOnes(gate.opened(topic, partitionRecords(broker, admin, topic, partition, from)));
  return {
    tools: { ...tools, records },
    erasedSince: async (learner) => (await state.refusals.get(ring.digestOf(learner)))?.sinceMs ?? null,
    // What Kafka has confirmed its brokers have.
    flushed: () => Promise.resolve(),
    shutOut: async (id) => {
      const topics = CARRIED.map(({ name }) => physicalTopicName(region, name));
      const known = new Set((await tools.topics()).map(({ name }) => name));
      const writer = await tools.writer(
        gatewayWriter(id),
        topics.filter((name) => known.has(name)),
      );
      await writer.close();
    },
  };
}

async function* readableOnes(records: AsyncIterable<LogRecord>): AsyncGenerator<LogRecord> {
  for await (const record of records) if (!isUnlinkable(record)) yield record;
}

/** A folder that has topics of other regions alone is the wrong one. @throws SFS_REGION_MISMATCH */
function assertRegionOf(folder: string, { log }: EmbeddedStorage, region: string): void {
  const regions = new Set(log.topics().map(({ name }) => name.split('.', 1)[0]!));
  if (regions.size > 0 && !regions.has(region)) throw regionMismatch(`the folder ${folder}`, [...regions].join(', '), region);
}

/** Runs `work` on the files of the gateway of the new region: on servers beside the gateway, which goes on. @throws SFS_GATEWAY_STORE, SFS_REGION_MISMATCH, and what `work` throws */
export async function onGateway<T>(to: Side, work: (map: IdentityMap, received: ReceivedEvents) => Promise<T>): Promise<T> {
  // The files of events first: they say which region the folder is of.
  const received = await (to.servers === undefined ? ReceivedEvents.open(to.gatewayFolder) : ReceivedEvents.beside(to.gatewayFolder));
  try {
    await received.settleIn(to.region);
    const map = openIdentityMap(to.gatewayFolder);
    try {
      return await work(map, received);
    } finally {
      await map.close();
    }
  } finally {
    await received.close();
  }
}

/** Under a pseudonym that no gateway of the new region knows, what is brought would be nobody's. @throws SFS_FOLDER_MISSING, SFS_REGION_MISMATCH */
export async function assertGateways({ gatewayFolder, region }: Side, to: Side): Promise<void> {
  const old = await regionNotedIn(gatewayFolder);
  if (old !== null && old !== region) throw regionMismatch(`the gateway folder ${gatewayFolder}`, old, region);
  const folder = to.gatewayFolder;
  if (existsSync(join(folder, IDENTITY_FILE)) && (await regionNotedIn(folder)) !== null) return;
  const message = `no gateway has run with ${folder}: name the folder of that of ${to.region} with --to-gateway-folder, or start it once`;
  throw new SkillForgeError('SFS_FOLDER_MISSING', message, { context: { folder } });
}
