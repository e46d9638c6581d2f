/** What people and programs send: HTTP, to the gateway and the reader, and command lines. */
import { connect } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import type { FastifyInstance } from 'fastify';
import { ReceivedEvents, createGateway, openIdentityMap } from '../../../gateway/index.js';
import { createReader } from '../../../reader/index.js';
import { localTools } from '../../../runtime/localTools.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { skillforgeProgram } from '../../../scripts/commands/program.js';
import { gatewayTopics, openWriterLog } from '../../../scripts/gateway/writerLog.js';
import { ODD_TEXTS, spoilt, spoiltText, spoiltValue, type Chance } from './chance.js';
import { refusing, type Target } from './target.js';

const NOW_MS = Date.UTC(2026, 0, 5);
const EVENT = {
  ...{ topic: 'clicks', eventId: 'e1', learner: 'mailto:ada@example.org', course: 'AAA-2014J', occurredAtMs: NOW_MS - 1_000 },
  personal: { action: 'OPEN', item: 'quiz-1' },
};
const STATEMENT = {
  id: 'fd41c918-b88b-4b20-a0a5-a4c32391aaa0',
  actor: { mbox: 'mailto:ada@example.org' },
  verb: { id: 'http://adlnet.gov/expapi/verbs/completed' },
  object: { id: 'https://lms.example/quiz-1', definition: { type: 'http://adlnet.gov/expapi/activities/assessment' } },
  result: { score: { scaled: 0.5 }, success: true, completion: true, duration: 'PT5M' },
  context: { contextActivities: { grouping: [{ id: 'https://lms.example/AAA-2014J' }] } },
  timestamp: '2026-01-04T00:00:00Z',
};

interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly payload?: string;
  readonly headers?: Record<string, string>;
}

/** For a URL, which knows no half of a character. */
const encoded = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

/** An answer of 500 is a finding: whatever is asked, the server knows what is wrong with it. */
async function answered(app: FastifyInstance, ask: Ask): Promise<void> {
  const { statusCode, body } = await app.inject({ ...ask });
  if (statusCode >= 500 && statusCode !== 503) throw new Error(`${statusCode} to ${ask.method} ${ask.url.slice(0, 200)}: ${body.slice(0, 300)}`);
}

/** Bytes on the wire that are hardly HTTP; the server may answer, or hang up. */
async function thrown(port: number, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
    socket.resume();
    setTimeout(() => socket.destroy(), 200);
  });
}

const body = (value: unknown, chance: Chance): string =>
  chance.below(3) > 0 ? JSON.stringify(spoiltValue(value, chance)) : spoiltText(JSON.stringify(value), chance);

const header = (chance: Chance): Record<string, string> => {
  const name = chance.one([
    'content-type',
    'authorization',
    'idempotency-key',
    'x-experience-api-version',
    'accept',
    'origin',
    'if-none-match',
    'traceparent',
  ]);
  // What no client can send in a header is not sent.
  const value = chance.one([...ODD_TEXTS, 'application/json; charset=latin1', 'Bearer x.y.z', 'text/plain', '*/*']).replace(/[^\x20-\x7e]/g, '?');
  return { [name]: value.slice(0, 4_000) };
};

const raw = (path: string, payload: string): Buffer =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(payload)}\r\n\r\n${payload}`,
  );

const portOf = (url: string): number => Number(new URL(url).port);

const gateway: Target = {
  name: 'the gateway',
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'skillforge-fuzz-'));
    const storage = memoryStorage({ now: () => NOW_MS });
    for (const spec of gatewayTopics('eu-west')) storage.log.ensureTopic(spec);
    const identities = openIdentityMap(folder);
    const received = await ReceivedEvents.open(folder);
    const log = await openWriterLog('eu-west', { open: () => localTools(storage).writer('gateway/x', []) });
    const gateway = await createGateway({ region: 'eu-west', now: () => NOW_MS, log, identities, received });
    const { app } = gateway;
    const port = portOf(await gateway.listen({ port: 0 }));
    return {
      feed: async (chance) => {
        const isEvent = chance.below(2) === 0;
        const url = isEvent ? '/v1/events' : '/xapi/statements';
        const value = isEvent ? chance.one<unknown>([EVENT, { events: [EVENT, EVENT] }]) : chance.one<unknown>([STATEMENT, [STATEMENT]]);
        const version = { 'x-experience-api-version': '1.0.3', 'content-type': 'application/json' };
        if (chance.below(20) === 0) await thrown(port, spoilt(raw(url, JSON.stringify(value)), chance));
        await answered(app, {
          method: 'POST',
          url,
          payload: body(value, chance),
          headers: { ...version, ...(chance.below(4) === 0 ? header(chance) : {}) },
        });
        if (chance.below(10) === 0) {
          const id = encoded(chance.one(ODD_TEXTS).slice(0, 2_000));
          await answered(app, { method: 'PUT', url: `/xapi/statements?statementId=${id}`, payload: body(STATEMENT, chance), headers: version });
        }
      },
      close: async () => {
        await answered(app, { method: 'GET', url: '/healthz' });
        await gateway.close();
        await received.close();
        await identities.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
};

const PATHS = [
  '/v1/learners/ada/recommendations',
  '/v1/recommendations/batch',
  '/v1/segments/AAA-2014J/he/recommendations',
  '/v1/learners/ada/recommendations?limit=5&list=next&explain=true',
  '/v1/exposures',
  '/v1/feedback',
  '/v1/stream?learner=ada',
  '/console/overview',
  '/metrics',
  '/',
];
const QUESTION = { learners: ['ada', 'ben'], limit: 5, explain: true };

const reader: Target = {
  name: 'the reader',
  open: async () => {
    const server = await createReader({
      log: memoryStorage().log,
      region: 'eu-west',
      metrics: true,
      events: { write: () => Promise.resolve('log') },
    });
    const port = portOf(await server.listen({ port: 0 }));
    return {
      feed: async (chance) => {
        const path = chance.one(PATHS).replace('/v1/stream?learner=ada', '/v1/learners/ada/recommendations');
        const url = spoiltUrl(path, chance);
        const headers = { 'content-type': 'application/json', ...(chance.below(3) === 0 ? header(chance) : {}) };
        if (chance.below(20) === 0) await thrown(port, spoilt(raw(path, JSON.stringify(QUESTION)), chance));
        await answered(server.app, { method: 'GET', url, headers });
        await answered(server.app, { method: 'POST', url: path, payload: body(QUESTION, chance), headers });
      },
      close: async () => {
        await answered(server.app, { method: 'GET', url: '/healthz' });
        await server.close();
      },
    };
  },
};

/** Only what a client can put into a request line, and what is no other server's name to whoever reads it as an address. */
const spoiltUrl = (path: string, chance: Chance): string =>
  `/${spoiltText(path.slice(1), chance)
    .replace(/^[/\\]+/, '')
    .replace(/[^\x21-\x7e]/g, encoded)
    .replaceAll('#', '%23')
    .slice(0, 6_000)}`;

/** Words that command lines are made of. */
const WORDS = [
  '--json',
  '--data',
  '--region',
  '--kafka',
  '--until',
  '--from',
  '--limit',
  '--topics',
  '--help',
  '--version',
  '--seed',
  '-x',
  '--',
  '--port',
  '=',
];

const commandLines: Target = {
  name: 'command lines',
  open: async () => {
    const program = quiet(await skillforgeProgram());
    const commands = leaves(program, []);
    return {
      feed: async (chance) => {
        const words = [...chance.one(commands)];
        for (let more = chance.below(6); more > 0; more--)
          words.splice(chance.below(words.length + 1), 0, chance.below(2) === 0 ? chance.one(WORDS) : chance.one(ODD_TEXTS).slice(0, 10_000));
        if (chance.below(4) === 0) words.splice(chance.below(words.length), 1);
        await refusing(async () => {
          try {
            await program.parseAsync(words, { from: 'user' });
          } catch (error) {
            if (!(error instanceof CommanderError)) throw error;
          }
        });
      },
    };
  },
};

/** Every command parses, and does nothing. */
function quiet(command: Command): Command {
  command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined }).exitOverride();
  if (command.commands.length === 0) command.action(() => undefined);
  command.commands.forEach(quiet);
  return command;
}

/** The words of every command. */
function leaves(command: Command, words: readonly string[]): string[][] {
  if (command.commands.length === 0) return [[...words]];
  return command.commands.flatMap((one) => leaves(one, [...words, one.name()]));
}

export const inputTargets: readonly Target[] = [gateway, reader, commandLines];
