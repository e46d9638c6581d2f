import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  experimentSource,
  followExperiments,
  type ExperimentEvent,
  type ExperimentFollower,
  type FollowExperimentsOptions,
} from '../../../runtime/index.js';
import { MovingModels } from '../engine/movingModels.js';
import { temporaryFolder } from '../models/fixture.js';
import { rankerPayload } from './payloads.js';

const DEADLINE_MS = 30_000;

async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error('it does not come');
    await sleep(5);
  }
}

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

interface Following {
  readonly follower: ExperimentFollower;
  readonly events: ExperimentEvent[];
  readonly seen: (kind: ExperimentEvent['kind'], times?: number) => Promise<void>;
}

async function following(place: string, options: Partial<FollowExperimentsOptions> = {}): Promise<Following> {
  const events: ExperimentEvent[] = [];
  const follower = await followExperiments({ source: experimentSource(place), everyMs: 5, onEvent: (event) => events.push(event), ...options });
  ended.push(() => follower.close());
  return { follower, events, seen: (kind, times = 1) => until(() => events.filter((event) => event.kind === kind).length >= times) };
}

const payloadOf = ({ follower }: Following): string => follower.experiments.current!.payload;

async function serving(listener: RequestListener): Promise<{ readonly address: string; readonly server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ended.push(() => new Promise((resolve) => server.close(resolve)));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/features/sdk-test`, server };
}

describe('experiments that are followed', () => {
  it('change with their file, and go on when it says nothing of use or is gone', async () => {
    const file = join(temporaryFolder(), 'features.json');
    const put = (payload: unknown): void => writeFileSync(file, typeof payload === 'string' ? payload : JSON.stringify(payload));
    put(rankerPayload());
    const one = await following(file);
    const first = payloadOf(one);
    expect(one.follower.experiments.current).toMatchObject({ look: 1, sinceMs: -Infinity });
    put(rankerPayload({ coverage: 0.5 }, { dateUpdated: '2026-11-29T00:00:00Z' }));
    await one.seen('read', 2);
    const second = payloadOf(one);
    expect([second === first, one.follower.experiments.current!.sinceMs]).toEqual([false, Date.UTC(2026, 10, 29)]);
    put(rankerPayload({ hashVersion: 1 }));
    await one.seen('refused');
    rmSync(file);
    await one.seen('unreachable');
    expect(payloadOf(one)).toBe(second);
    put(rankerPayload());
    await one.seen('read', 3);
    expect(payloadOf(one)).toBe(first);
    // Of a file that is being written a look may see a part.
    const kinds = one.events.map(({ kind }) => kind).filter((kind) => kind !== 'refused');
    expect(kinds.filter((kind, at) => kind !== kinds[at - 1])).toEqual(['read', 'unreachable', 'answering', 'read']);
    expect(one.follower.experiments.looks).toBeGreaterThan(4);
  });

  it('come from a server, too, and outlive it', async () => {
    const cacheFile = join(temporaryFolder(), 'cache', 'experiments.json');
    let answer = 200;
    const { address, server } = await serving((_, response) => {
      response.writeHead(answer, { 'content-type': 'application/json' }).end(JSON.stringify({ status: 200, ...rankerPayload() }));
    });
    const one = await following(address, { cacheFile });
    answer = 503;
    await one.seen('unreachable');
    answer = 200;
    await one.seen('answering');
    const payload = payloadOf(one);
    await one.follower.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const another = await following(address, { cacheFile });
    expect([payloadOf(another), another.follower.experiments.current!.look]).toEqual([payload, 0]);
    expect(another.events.map(({ kind }) => kind)).toEqual(['read', 'unreachable']);
  });

  it('must be there at the very first start', async () => {
    const folder = temporaryFolder();
    await expect(following(join(folder, 'gone.json'))).rejects.toMatchObject({ code: 'SFS_EXPERIMENTS_UNREACHABLE', retriable: true });
    writeFileSync(join(folder, 'wrong.json'), '{}');
    await expect(following(join(folder, 'wrong.json'))).rejects.toMatchObject({ code: 'SFS_EXPERIMENTS_INVALID' });
    const { address } = await serving((_, response) => response.writeHead(404).end());
    await expect(following(address)).rejects.toThrow(/answers with 404/);
  });

  it('leave models as they are: followed, fixed, or none', async () => {
    const file = join(temporaryFolder(), 'features.json');
    writeFileSync(file, JSON.stringify(rankerPayload()));
    const models = new MovingModels();
    models.promote('a');
    const { follower, events } = await following(file, { models });
    expect([follower.current, follower.looks, follower.opened(models.current!.ref)?.version]).toEqual([models.current, models.looks, 'a']);
    const { payload } = follower.experiments.current!;
    follower.adopted('t@1/0/0', { model: models.current!.ref, experiments: payload, fromMs: 7 });
    expect(models.adoptions).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ kind: 'adopted', task: 't@1/0/0', fromMs: 7, version: follower.experiments.read(payload).version });
    const fixed = await following(file, { models: models.fallback });
    expect([fixed.follower.current, fixed.follower.fallback.at(0).version]).toEqual([null, 'fallback']);
    await expect(fixed.follower.open({ number: '3', digest: 'd' })).rejects.toMatchObject({ code: 'SFS_MODEL_MISSING' });
    expect((await following(file)).follower.fallback.at(0).version).toBe('formula-2');
  });
});
