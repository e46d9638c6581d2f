/** Requests for rights on a real folder: asked through its gateway over HTTP, or written as events; served by the command. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReceivedEvents, createGateway, openIdentityMap } from '../../../gateway/index.js';
import { newKey, writeKeys } from '../../../reader/index.js';
import { localRecords } from '../../../runtime/localTools.js';
import { isMarker } from '../../../runtime/engine/header.js';
import { LocalSchemaIds, physicalTopicName, topicCodec, topics, type Opened, type Recommendation } from '../../../schemas/index.js';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { verifyErased } from '../../../scripts/privacy/erasure/verification.js';
import { folderLog } from '../../../scripts/gateway/eventLogs.js';
import { commandOutput } from '../../fixtures/commandOutput.js';
import { newFolder } from '../../fixtures/folders.js';
import { HOUR_MS, at, click } from '../../topologies/clicks.js';
import { ADA, REGION, append, onStorage, run, tellTime, type Erasable } from './erasable.js';

/** What is asked for. */
export interface Asked {
  readonly kind: 'erase' | 'export' | 'restrict' | 'object' | 'consent';
  readonly withdraw?: boolean;
  readonly occurredAtMs?: number;
}

/** An answer of the gateway. */
export interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Asks the gateway of an installation. */
export type Caller = (method: 'GET' | 'POST', path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Answer>;

/** Does something with the gateway of an installation, over HTTP; the folder is free afterwards. */
export async function atGateway<T>({ installation: { data, gatewayFolder } }: Erasable, work: (call: Caller) => Promise<T>): Promise<T> {
  const keyFile = join(newFolder(), 'keys.json');
  const grant = { label: 'office', scopes: ['rights:write'], learner: null, perMinute: null, createdAtMs: 0, expiresAtMs: null } as const;
  const { key, entry } = newKey(grant);
  writeKeys(keyFile, [entry]);
  const identities = openIdentityMap(gatewayFolder);
  const received = await ReceivedEvents.open(gatewayFolder);
  const opened = await folderLog(data, REGION, received.id);
  const gateway = await createGateway({ region: REGION, ...opened, identities, received, access: { keyFile } });
  try {
    const url = await gateway.listen({ port: 0 });
    return await work(async (method, path, body, headers = {}) => {
      const json = body === undefined ? {} : { body: JSON.stringify(body) };
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      const answer = await fetch(`${url}${path}`, { method, ...json, headers: { authorization: `Bearer ${key}`, ...type, ...headers } });
      return { status: answer.status, json: (await answer.json()) as Answer['json'] };
    });
  } finally {
    await gateway.close();
    await opened.close();
    await received.close();
    await identities.close();
  }
}

/** How a request comes. @returns its identity */
export type Way = (place: Erasable, asked: Asked) => Promise<string>;

let events = 0;

/** The ways in which a request comes. */
export const WAYS: Readonly<Record<'HTTP' | 'event', Way>> = {
  HTTP: (place, asked) =>
    atGateway(place, async (call) => {
      const { status, json } = await call('POST', `/v1/learners/${encodeURIComponent(ADA)}/rights`, asked);
      if (status !== 202) throw new Error(`answered with ${status}: ${JSON.stringify(json)}`);
      return json['request'] as string;
    }),
  event: async (place, asked) => {
    const eventId = `request-${++events}`;
    await writtenAsEvent(place, eventId, asked);
    return eventId;
  },
};

/** Writes a request to the topic as a program without a gateway does. */
export async function writtenAsEvent({ installation: { data }, ada }: Erasable, eventId: string, asked: Asked): Promise<void> {
  const { kind, withdraw = false, occurredAtMs = Date.now() } = asked;
  const line = { eventId, learner: ada, occurredAtMs, region: REGION, personal: { kind: kind.toUpperCase(), withdraw } };
  const file = join(newFolder(), 'requests.jsonl');
  writeFileSync(file, `${JSON.stringify(line)}\n`);
  await commandOutput(['topics', 'write', 'rights-requests', file, '--data', data, '--region', REGION]);
}

/** What the service tells of a request. */
export interface Told {
  readonly request: string;
  readonly became: string;
  readonly code: string | null;
  readonly file: string | null;
}

/** Serves what has come. */
export async function served({ installation: { data } }: Erasable, exports: string): Promise<Told[]> {
  const printed = await commandOutput(['privacy', 'serve', '--exports', exports, '--until-end', '--data', data, '--region', REGION, '--json']);
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Told);
}

/** What the gateway tells of a request. */
export const outcome = (place: Erasable, request: string): Promise<Answer['json']> =>
  atGateway(place, async (call) => (await call('GET', `/v1/rights/${request}`)).json);

/** Stores in which something of Ada is found. */
export const readable = async ({ installation, ada }: Erasable): Promise<string[]> =>
  (await verifyErased(installation, ada)).filter((store) => store.readable > 0).map(({ store }) => store);

/** Ada uses an item on the fourth day, after whatever was said; all topologies run. @returns the courses of her last list */
export async function coursesAfterwards({ installation: { data }, ada }: Erasable, day = 3): Promise<Opened<Recommendation>['personal']['courses']> {
  return onStorage(data, async (storage) => {
    await append(storage, topics.clicks, [click(ada, at(day, 5 * HOUR_MS), { item: 'i1' })], at(day, 6 * HOUR_MS));
    await tellTime(storage, at(day, 12 * HOUR_MS));
    await run(storage);
    const [name, codec] = [physicalTopicName(REGION, topics.recommendations.name), topicCodec(topics.recommendations, LocalSchemaIds.withAccepted())];
    const records = Array.from({ length: topics.recommendations.partitions }, (_, partition) => [
      ...localRecords(storage.log, name, partition),
    ]).flat();
    const own = records.filter(({ key, value, header }) => value !== null && !isMarker(header) && key?.toString() === ada);
    return codec.decode(ada, own.at(-1)!.value!).personal.courses;
  });
}

/** A process that serves, and is killed at an instant of an erasure: nothing of it is closed or let go. */
const KILLED = `
  import { serveOnce } from './test/scripts/privacy/rightsService.ts';
  const [instant, exports, installation] = process.argv.slice(1);
  const reached = (step, when) => step + ' ' + when === instant && process.kill(process.pid, 'SIGKILL');
  await serveOnce(JSON.parse(installation), { exports, reached });
`;

/** Serves in a process of its own that is killed. @param instant - such as `refuse worked` @returns the signal that ended it */
export async function killedService({ installation }: Erasable, exports: string, instant: string): Promise<NodeJS.Signals | null> {
  const words = ['--import', 'tsx', '--input-type=module', '-e', KILLED, instant, exports, JSON.stringify(installation)];
  const child = spawn(process.execPath, words, { cwd: projectRoot, stdio: ['ignore', 'inherit', 'inherit'] });
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal;
}
