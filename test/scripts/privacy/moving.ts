/** Two regions on one machine: the installation of one, a folder of another, the gateways of both, and the register that they share. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ReceivedEvents, createGateway, openHomeRegister, openIdentityMap } from '../../../gateway/index.js';
import type { EmbeddedStorage } from '../../../runtime/embedded/index.js';
import { isMarker } from '../../../runtime/engine/header.js';
import { localRecords } from '../../../runtime/localTools.js';
import { LocalSchemaIds, physicalTopicName, topicCodec, topics, type Topic } from '../../../schemas/index.js';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { folderLog } from '../../../scripts/gateway/eventLogs.js';
import type { Installation } from '../../../scripts/privacy/erasure/places.js';
import { erasuresFolder } from '../../../scripts/privacy/erasure/saga.js';
import { SigningKey, type Signed } from '../../../scripts/privacy/erasure/signing.js';
import type { Destination } from '../../../scripts/privacy/move/bringing.js';
import { moveLearner, type MoveOptions, type MoveReceipt } from '../../../scripts/privacy/move/move.js';
import { newFolder } from '../../fixtures/folders.js';
import { at } from '../../topologies/clicks.js';
import { catalogueItem } from '../../topologies/statements.js';
import { ADA, append, onStorage } from './erasable.js';

/** The region that learners move to. */
export const NORTH = 'north';

/** Two regions. */
export interface TwoRegions {
  readonly from: Installation;
  readonly to: Destination;
  readonly homes: string;
}

/** Either of them, as its gateway sees it. */
export type Side = Destination;

/** Makes a folder that of a gateway of a region, as its first start does. */
export async function settledGateway(folder: string, region: string): Promise<string> {
  await openIdentityMap(folder).close();
  const received = await ReceivedEvents.open(folder);
  await received.settleIn(region);
  await received.close();
  return folder;
}

/** A region beside an installation, with a catalogue and a gateway of its own. */
export async function regionBeside(from: Installation): Promise<TwoRegions> {
  const data = newFolder();
  await onStorage(data, async (storage) => {
    const items = ['i1', 'i2', 'i3', 'i4'].map((item) => ({ ...catalogueItem(item, at(-20)), region: NORTH }));
    await appendTo(storage, topics.catalogue, items, at(-19));
  });
  const homes = newFolder();
  await openHomeRegister(homes).close();
  return { from, to: { data, region: NORTH, gatewayFolder: await settledGateway(join(data, 'gateway'), NORTH) }, homes };
}

/** Appends values of the new region, and promises that none of an earlier time follows. */
export const appendTo = <V>(storage: EmbeddedStorage, topic: Topic<string, V>, values: readonly V[], clockMs: number): Promise<void> =>
  append(storage, topic, values, clockMs, NORTH);

/** Moves Ada. */
export function move(regions: TwoRegions, more: Partial<MoveOptions> = {}): Promise<Signed<MoveReceipt>> {
  const key = SigningKey.at(join(erasuresFolder(regions.from), 'receipts.key'));
  return moveLearner({ identity: ADA, ...regions, key, ...more });
}

/** What the gateway of a region says to an event: the status, and the region that it names. */
export async function sent(
  { data, region, gatewayFolder }: Side,
  homes: string,
  event: object,
): Promise<{ readonly status: number; readonly region?: string; readonly text: string }> {
  const identities = openIdentityMap(gatewayFolder);
  const received = await ReceivedEvents.open(gatewayFolder);
  const opened = await folderLog(data, region, received.id);
  const register = openHomeRegister(homes);
  try {
    const gateway = await createGateway({ region, log: opened.log, identities, received, homes: register });
    const { statusCode: status, body: text } = await gateway.app.inject({ method: 'POST', url: '/v1/events', payload: event });
    await gateway.close();
    return { status, text, ...(JSON.parse(text) as { region?: string }) };
  } finally {
    await register.close();
    await opened.close();
    await received.close();
    await identities.close();
  }
}

/** A click of Ada's, as her app sends it. */
export const clickOf = (eventId: string, occurredAtMs: number): { readonly eventId: string; readonly [field: string]: unknown } => ({
  topic: 'clicks',
  eventId,
  learner: ADA,
  course: 'c',
  occurredAtMs,
  personal: { action: 'OPEN', item: 'i1' },
});

/** The values of a topic of a region under one key, in their order. */
export function valuesOf<V>({ data, region }: Pick<Side, 'data' | 'region'>, topic: Topic<string, V>, learner: string): Promise<V[]> {
  return onStorage(data, (storage) => {
    const [name, codec] = [physicalTopicName(region, topic.name), topicCodec(topic, LocalSchemaIds.withAccepted())];
    const partitions = storage.log.topics().find((spec) => spec.name === name)?.partitions ?? 0;
    const records = Array.from({ length: partitions }, (_, partition) => [...localRecords(storage.log, name, partition)]).flat();
    return Promise.resolve(
      records.flatMap(({ key, value, header }) =>
        value === null || isMarker(header) || key?.toString() !== learner ? [] : [codec.decode(learner, value)],
      ),
    );
  });
}

/** The pseudonym that a gateway knows an identity by. */
export async function pseudonymOf(folder: string, identity = ADA): Promise<string | null> {
  const map = openIdentityMap(folder);
  const found = map.find(identity);
  await map.close();
  return found;
}

/** A process that moves Ada, and is killed at an instant: nothing of it is closed or let go. */
const KILLED = `
  import { SigningKey } from './scripts/privacy/erasure/signing.ts';
  import { moveLearner } from './scripts/privacy/move/move.ts';
  const [key, instant, options] = process.argv.slice(1);
  const reached = (step, when) => step + ' ' + when === instant && process.kill(process.pid, 'SIGKILL');
  await moveLearner({ ...JSON.parse(options), key: SigningKey.at(key), reached });
`;

/** Moves Ada in a process of its own that is killed. @param instant - such as `carry worked` @returns the signal that ended it */
export async function killedMove(regions: TwoRegions, instant: string): Promise<NodeJS.Signals | null> {
  const key = join(erasuresFolder(regions.from), 'receipts.key');
  const { from, to, homes } = regions;
  const words = ['--import', 'tsx', '--input-type=module', '-e', KILLED, key, instant, JSON.stringify({ identity: ADA, from, to, homes })];
  const child = spawn(process.execPath, words, { cwd: projectRoot, stdio: ['ignore', 'inherit', 'inherit'] });
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal;
}
