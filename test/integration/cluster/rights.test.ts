/** What a learner asks a gateway for is done on a real Kafka and Redis, beside that gateway and a worker. */
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, type TestContext } from 'vitest';
import { ReceivedEvents, createGateway, openIdentityMap, type IdentityMap } from '../../../gateway/index.js';
import { newKey, writeKeys } from '../../../reader/index.js';
import { topics } from '../../../schemas/index.js';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { kafkaLog } from '../../../scripts/gateway/eventLogs.js';
import { newFolder } from '../../fixtures/folders.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';
import { ErasableRegion } from './erasable.js';
import { newRegion, type Servers } from './replica.js';

const SLOW_MS = 300_000;
const ADA = 'mailto:ada@example.org';

interface Asked {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

type Ask = (method: 'GET' | 'POST', url: string, payload?: object) => Promise<Asked>;

/** A gateway of this process, whose map of identities stays open. */
async function gatewayOf(servers: Servers, region: string, folder: string, identities: IdentityMap, context: TestContext): Promise<Ask> {
  const { key, entry } = newKey({ label: 'office', scopes: ['rights:write'], learner: null, perMinute: null, createdAtMs: 0, expiresAtMs: null });
  const keyFile = join(newFolder(), 'keys.json');
  writeKeys(keyFile, [entry]);
  const received = await ReceivedEvents.open(folder);
  const opened = await kafkaLog({ region, ...servers, driver: 'confluent', replication: 1 }, folder, received.id);
  const gateway = await createGateway({ region, ...opened, identities, received, access: { keyFile } });
  context.onTestFinished(async () => {
    await gateway.close();
    await opened.close();
    await received.close();
  });
  return async (method, url, payload) => {
    const sent = payload === undefined ? {} : { payload };
    const { statusCode: status, body } = await gateway.app.inject({ method, url, headers: { authorization: `Bearer ${key}` }, ...sent });
    return { status, json: JSON.parse(body) as Asked['json'] };
  };
}

it('does what is asked beside a gateway and a worker, and forgets who it was', { timeout: SERVER_START_MS + SLOW_MS }, async (context) => {
  const servers = { kafka: await sharedKafka(context), redis: await sharedRedis(context) };
  const [folder, region, exports] = [newFolder(), newRegion(), newFolder()];
  const identities = openIdentityMap(folder);
  context.onTestFinished(() => identities.close());
  const [ada] = (await identities.pseudonymsOf([ADA])) as unknown as [string];
  const made = await ErasableRegion.make(servers, { logDirs: [], redisDirs: [] }, context, { region, ada });
  const worker = await made.worker();
  context.onTestFinished(() => worker.stop());
  expect(await made.has(topics.learnerFeatures, ada, 4)).toBeGreaterThan(3);
  const ask = await gatewayOf(servers, region, folder, identities, context);

  const path = `/v1/learners/${encodeURIComponent(ADA)}/rights`;
  const places = ['--data', made.data, '--region', region, '--kafka', servers.kafka, '--redis', servers.redis, '--gateway-folder', folder];
  const words = ['--import', 'tsx', 'scripts/skillforge.ts', 'privacy', 'serve', '--exports', exports, '--until-end', '--json', ...places];
  /** Asks, and has it served by another process. */
  const done = async (payload: object): Promise<Asked['json']> => {
    const { status, json } = await ask('POST', path, payload);
    expect([status, (await ask('GET', String(json['address']))).json['state']]).toEqual([202, 'RECEIVED']);
    await promisify(execFile)(process.execPath, words, { cwd: projectRoot });
    return (await ask('GET', String(json['address']))).json;
  };

  expect(await done({ kind: 'consent', withdraw: true })).toMatchObject({ state: 'DONE', code: null });
  expect(await made.countOf(topics.profiles, ada)).toBe(1);
  const copy = await done({ kind: 'export' });
  expect([copy['state'], readdirSync(exports)]).toEqual(['DONE', [copy['file']]]);
  expect(readFileSync(join(exports, String(copy['file'])), 'utf8')).toContain('"consentProfiling":false');

  expect(await done({ kind: 'erase' })).toMatchObject({ state: 'DONE', code: null, file: expect.stringMatching(/\.receipt\.json$/) as string });
  expect([(await made.looked(ada)).readable, readdirSync(exports), identities.find(ADA)]).toEqual([{}, [], null]);
  expect(await ask('POST', path, { kind: 'export' })).toMatchObject({ status: 404, json: { code: 'SFS_LEARNER_UNKNOWN' } });
});
