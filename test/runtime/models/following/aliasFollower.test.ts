/** Follows registries that are real: a folder, and MLflow behind a gate that shuts. */
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ModelRef } from '../../../../runtime/engine/followedModels.js';
import { followAlias, openRegistry, type AliasFollower, type ModelEvent, type ModelRegistry } from '../../../../runtime/models/index.js';
import { gateOf } from '../../../integration/registry/gate.js';
import { sharedMlflow } from '../../../integration/servers.js';
import { BUNDLE, FEATURES, REGION, RETRIEVAL, anotherVersion, copyOf, manifestOf, matrixOf, remanifest, temporaryFolder } from '../fixture.js';

const SLOW_MS = 120_000;
const PATIENT = { timeout: 30_000, interval: 20 };
const LATER = Number.MAX_SAFE_INTEGER;

/** A bundle with rankers; each text makes another one. */
const ranking = (text: string): string => anotherVersion(BUNDLE, text);

interface Following {
  readonly registry: ModelRegistry;
  readonly cacheFolder: string;
  readonly events: ModelEvent[];
  readonly follow: (rest?: { readonly region?: string; readonly againMs?: number }) => Promise<AliasFollower>;
  readonly promote: (number: string) => Promise<unknown>;
}

function following(registry: ModelRegistry = openRegistry(temporaryFolder())): Following {
  const cacheFolder = temporaryFolder();
  const events: ModelEvent[] = [];
  const options = { registry, cacheFolder, region: REGION, featureSet: FEATURES, everyMs: 20, onEvent: (event: ModelEvent) => void events.push(event) };
  return {
    registry,
    cacheFolder,
    events,
    follow: (rest = {}) => followAlias({ ...options, ...rest }),
    promote: (number) => registry.move('production', number, { by: 'test', reason: null, atMs: Date.now() }),
  };
}

const versionOf = (follower: AliasFollower): string | null => (follower.current === null ? null : follower.opened(follower.current.ref)!.version);
const kinds = (events: readonly ModelEvent[]): string[] => events.map(({ kind }) => kind);
const namedBy = (folder: string): string => `${manifestOf(folder).name}@${manifestOf(folder).version}`;

describe('a follower', () => {
  it('has nothing before something is production, then what is, then what is next', { timeout: SLOW_MS }, async () => {
    const { registry, events, follow, promote } = following();
    await using follower = await follow();
    expect(follower.current).toBeNull();
    const [first, second] = [ranking('first'), ranking('second')];
    for (const folder of [first, second]) await registry.register(folder, {});
    await promote('1');
    await expect.poll(() => versionOf(follower), PATIENT).toBe(namedBy(first));
    const model = follower.opened(follower.current!.ref)!;
    expect(model.ranker.score(matrixOf([new Array<number>(12).fill(1)])).next.length).toBeGreaterThan(0);
    await promote('2');
    await expect.poll(() => versionOf(follower), PATIENT).toBe(namedBy(second));
    expect(follower.current!.trainedUntilMs).toBe(manifestOf(second).trainedUntilMs);
    expect(kinds(events)).toEqual(['opened', 'opened']);
  });

  it('keeps a model open as long as somebody uses it, and opens it again', { timeout: SLOW_MS }, async () => {
    const { registry, follow, promote } = following();
    for (const text of ['first', 'second']) await registry.register(ranking(text), {});
    await promote('1');
    await using follower = await follow();
    const first = follower.current!.ref;
    const unused = follower.use(() => [first.digest]);
    await promote('2');
    await expect.poll(() => follower.current!.ref.number, PATIENT).toBe('2');
    const { looks } = follower;
    await expect.poll(() => follower.looks, PATIENT).toBeGreaterThan(looks + 2);
    expect(follower.opened(first)).toBeDefined();
    unused();
    await expect.poll(() => follower.opened(first), PATIENT).toBeUndefined();
    expect(follower.opened(follower.current!.ref)).toBeDefined();
    unused();
    follower.use(() => [first.digest]);
    await follower.open(first);
    expect(follower.opened(first)!.version).toMatch(/^ranker@|^.+@/);
  });

  it('leaves what decides in place where the next is damaged, of another region, of other features, or gone', { timeout: SLOW_MS }, async () => {
    const { registry, events, follow, promote } = following();
    const other = ranking('other region');
    remanifest(other, { region: 'us-east' });
    const features = ranking('other features');
    remanifest(features, { featureSet: { id: 'item-features:other', columns: ['x'] } });
    for (const folder of [ranking('sound'), ranking('damaged'), other, features]) await registry.register(folder, {});
    writeFileSync(join(registry.place, 'recommender', 'versions', '2', 'bundle', 'covisits.json'), '[]');
    await promote('1');
    await using follower = await follow();
    for (const [number, code] of [
      ['2', 'SFS_MODEL_DAMAGED'],
      ['3', 'SFS_MODEL_REGION'],
      ['4', 'SFS_MODEL_FEATURES'],
    ] as const) {
      await promote(number);
      await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'refused', number, code }), PATIENT);
    }
    expect(follower.current!.ref.number).toBe('1');
    await registry.move('production', null, { by: 'test', reason: null, atMs: Date.now() });
    const { looks } = follower;
    await expect.poll(() => follower.looks, PATIENT).toBeGreaterThan(looks + 2);
    expect(follower.current!.ref.number).toBe('1');
    // Once for each, not at each look.
    expect(kinds(events)).toEqual(['opened', 'refused', 'refused', 'refused']);
  });

  it('tries one again that was refused, after a while', { timeout: SLOW_MS }, async () => {
    const { registry, events, follow, promote } = following();
    await registry.register(ranking('mended'), {});
    const file = join(registry.place, 'recommender', 'versions', '1', 'bundle', 'covisits.json');
    writeFileSync(file, '[]');
    await promote('1');
    await using follower = await follow({ againMs: 50 });
    await vi.waitFor(() => expect(events.length).toBeGreaterThan(1), PATIENT);
    expect(follower.current).toBeNull();
    writeFileSync(file, await import('node:fs').then(({ readFileSync }) => readFileSync(join(BUNDLE, 'covisits.json'))));
    await expect.poll(() => follower.current?.ref.number, PATIENT).toBe('1');
  });

  it('begins with what the cache remembers where the registry is away, and only of this registry', { timeout: SLOW_MS }, async (context) => {
    const url = await sharedMlflow(context);
    const gate = await gateOf(url);
    context.onTestFinished(() => gate.close());
    const name = `m-${randomBytes(6).toString('hex')}`;
    const { registry, cacheFolder, events, follow, promote } = following(openRegistry(gate.url, name));
    const [first, second] = [ranking('first'), ranking('second')];
    for (const folder of [first, second]) await registry.register(folder, {});
    await promote('1');
    {
      await using follower = await follow();
      expect(versionOf(follower)).toBe(namedBy(first));
      await gate.shut();
      await vi.waitFor(() => expect(kinds(events)).toContain('unreachable'), PATIENT);
      expect(versionOf(follower)).toBe(namedBy(first));
    }
    events.length = 0;
    await using follower = await follow();
    expect(versionOf(follower)).toBe(namedBy(first));
    expect(follower.current!.look).toBe(0);
    expect(kinds(events)).toEqual(['unreachable', 'opened']);
    const strange = following(openRegistry('http://127.0.0.1:1', name));
    await using other = await followAlias({ registry: strange.registry, cacheFolder, region: REGION, featureSet: FEATURES });
    expect(other.current).toBeNull();
    await gate.open();
    await promote('2');
    await expect.poll(() => versionOf(follower), PATIENT).toBe(namedBy(second));
    expect(kinds(events)).toEqual(['unreachable', 'opened', 'answering', 'opened']);
  });

  it('has a model from the cache that the registry does not have any more, and refuses another one under its number', { timeout: SLOW_MS }, async () => {
    const { registry, cacheFolder, follow, promote } = following();
    const folder = copyOf(RETRIEVAL);
    const { digest } = await registry.register(folder, {});
    await promote('1');
    await (await follow()).close();
    rmSync(registry.place, { recursive: true });
    await registry.register(ranking('another'), {});
    const gone: ModelRef = { number: '1', digest };
    await using follower = await follow();
    await follower.open(gone);
    expect(follower.opened(gone)!.version).toContain(namedBy(folder));
    rmSync(join(cacheFolder, digest.slice(0, 16)), { recursive: true });
    await using empty = await follow();
    await expect(empty.open(gone)).rejects.toMatchObject({ code: 'SFS_MODEL_MISSING' });
    expect(existsSync(join(cacheFolder, digest.slice(0, 16)))).toBe(false);
    expect(empty.fallback.at(LATER).version).toMatch(/^formula/);
  });
});
