/** Who serves what learners ask for: once, in order, to the end. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { openIdentityMap } from '../../../gateway/index.js';
import { LocalSchemaIds, learnerId, topicCodec, topics } from '../../../schemas/index.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { erasuresFolder } from '../../../scripts/privacy/erasure/saga.js';
import { commandOutput } from '../../fixtures/commandOutput.js';
import { newFolder } from '../../fixtures/folders.js';
import { at } from '../../topologies/clicks.js';
import { ADA, REGION, copyOf, erasable, onStorage, type Erasable } from './erasable.js';
import { WAYS, atGateway, killedService, outcome, readable, served, writtenAsEvent, type Asked } from './rights.js';
import { serveOnce } from './rightsService.js';

const SLOW_MS = 300_000;

let made: Erasable;

beforeAll(async () => {
  made = await erasable();
}, SLOW_MS);

describe('who serves requests', { timeout: SLOW_MS }, () => {
  it('does once what comes twice, over HTTP and as an event', async () => {
    const place = copyOf(made);
    const exports = newFolder();
    const path = `/v1/learners/${encodeURIComponent(ADA)}/rights`;
    const post = (): Promise<unknown> =>
      atGateway(place, async (call) => (await call('POST', path, { kind: 'export' }, { 'idempotency-key': 'k' })).json);
    const [first, second] = [await post(), await post()];
    expect(second).toEqual(first);
    for (let n = 0; n < 2; n++) await writtenAsEvent(place, 'again', { kind: 'object', occurredAtMs: at(3) + n });
    expect((await served(place, exports)).map(({ became }) => became)).toEqual(['DONE', 'DONE']);
    await writtenAsEvent(place, 'again', { kind: 'object', occurredAtMs: at(3) + 2 });
    expect(await served(place, exports)).toEqual([]);
    expect(readdirSync(exports)).toHaveLength(1);
  });

  it('goes on with an erasure in whose middle it was killed, although the request is not in the log any more', async () => {
    const place = copyOf(made);
    const [exports, request] = [newFolder(), await WAYS.HTTP(place, { kind: 'erase' })];
    for (const instant of ['refuse worked', 'log-and-state worked', 'reader-view done']) {
      expect(await killedService(place, exports, instant)).toBe('SIGKILL');
      expect((await outcome(place, request))['state']).toBe('RECEIVED');
    }
    expect(await served(place, exports)).toMatchObject([{ request, became: 'DONE' }]);
    expect([await readable(place), (await outcome(place, request))['state']]).toEqual([[], 'DONE']);
    expect(readdirSync(erasuresFolder(place.installation)).filter((name) => name.endsWith('.receipt.json'))).toHaveLength(1);
    expect(await served(place, exports)).toEqual([]);
  });

  it('does what is asked in the order in which it was asked, and says what an erased learner cannot ask for', async () => {
    const place = copyOf(made);
    const exports = newFolder();
    const asks: Asked[] = [
      { kind: 'object', occurredAtMs: at(3) },
      { kind: 'erase', occurredAtMs: at(3) + 1 },
      { kind: 'restrict', occurredAtMs: at(3) + 2 },
    ];
    for (const [n, one] of asks.entries()) await writtenAsEvent(place, `r-${n}`, one);
    expect((await served(place, exports)).map(({ request, became, code }) => [request, became, code])).toEqual([
      ['r-0', 'DONE', null],
      ['r-1', 'DONE', null],
      ['r-2', 'FAILED', 'SFS_LEARNER_ERASED'],
    ]);
    expect(await outcome(place, 'r-2')).toMatchObject({ state: 'FAILED', code: 'SFS_LEARNER_ERASED' });
    expect(await readable(place)).toEqual([]);
  });

  it('passes over what is no request of its region', async () => {
    const place = copyOf(made);
    const { data } = place.installation;
    await writtenAsEvent(place, 'first', { kind: 'object', occurredAtMs: at(3) });
    await onStorage(data, async (storage) => {
      const topic = `${REGION}.rights-requests`;
      const key = Buffer.from(place.ada);
      const partition = partitionOf(key, topics.rightsRequests.partitions);
      const codec = topicCodec(topics.rightsRequests, LocalSchemaIds.withAccepted());
      const personal = { kind: 'ERASE' as const, withdraw: false };
      const foreign = { eventId: 'foreign', learner: learnerId(place.ada), occurredAtMs: at(3), region: 'north', personal };
      for (const value of [codec.encode(place.ada, foreign), Buffer.from('nonsense')])
        await storage.log.append([{ topic, partition, key, value, header: null }]);
    });
    await writtenAsEvent(place, 'last', { kind: 'restrict', occurredAtMs: at(3) });
    const told: string[] = [];
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
    expect((await served(place, newFolder())).map(({ request }) => request)).toEqual(['first', 'last']);
    spy.mockRestore();
    expect(told.map((line) => line.trimEnd().split(': ')[1])).toEqual(['SFS_REGION_MISMATCH', 'SFS_WIRE_FORMAT']);
  });

  it('waits for a folder that somebody has open, and says so', async () => {
    const place = copyOf(made);
    const exports = newFolder();
    await writtenAsEvent(place, 'later', { kind: 'export' });
    await onStorage(place.installation.data, async () => {
      await expect(served(place, exports)).rejects.toMatchObject({ code: 'SFS_FOLDER_LOCKED' });
    });
    expect(await served(place, exports)).toMatchObject([{ request: 'later', became: 'DONE' }]);
    expect(existsSync(join(erasuresFolder(place.installation), 'requests.lock'))).toBe(false);
  });

  it('tells of a request that the folder left out, as its learner was erased, that it failed', async () => {
    const place = copyOf(made);
    const { installation, ada } = place;
    await commandOutput(['privacy', 'erase', ada, '--data', installation.data, '--region', REGION]);
    // A gateway that still knows the learner, as one on another machine may.
    const map = openIdentityMap(installation.gatewayFolder);
    const other = await map.pseudonymsOf([ADA]);
    await map.close();
    await onStorage(installation.data, (storage) => storage.eraseKey(String(other[0]), Date.now()));
    const request = await WAYS.HTTP(place, { kind: 'export' });
    // On servers what was taken may be seen before the request itself.
    expect(await served(place, newFolder())).toEqual([]);
    expect((await outcome(place, request))['state']).toBe('RECEIVED');
    const failed = { request, kind: null, became: 'FAILED', code: 'SFS_LEARNER_ERASED', file: null };
    expect(await serveOnce(installation, { exports: newFolder(), clock: () => Date.now() + 61_000 })).toEqual([failed]);
    expect(await outcome(place, request)).toMatchObject({ state: 'FAILED', code: 'SFS_LEARNER_ERASED' });
  });
});
