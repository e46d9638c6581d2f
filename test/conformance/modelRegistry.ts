/** What every registry of models must do. A registry's test calls {@link describeModelRegistryConformance} with a way to open an empty one. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { readBundle } from '../../runtime/models/index.js';
import { ALIASES, versionBefore, type ModelRegistry } from '../../runtime/models/registry/index.js';
import { RETRIEVAL, copyOf, refile, temporaryFolder } from '../runtime/models/fixture.js';

export interface RegistryUnderTest {
  readonly registry: ModelRegistry;
  /** The same registry, as another process has it. */
  readonly again: () => ModelRegistry;
  /** Writes other bytes into a file that the registry keeps of a version. */
  readonly spoil: (number: string, file: string) => Promise<void>;
}

const SLOW_MS = 120_000;
const BY = { by: 'ops', reason: null };

/** A bundle that has another digest for each text. */
export function bundleWith(text: string): string {
  const folder = copyOf(RETRIEVAL);
  refile(folder, 'model-card.md', text);
  return folder;
}

const filesIn = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
  );

const numbersOf = async (registry: ModelRegistry): Promise<string[]> => (await registry.versions()).map(({ number }) => number);

/** @param open - skips the test where it cannot be had */
export function describeModelRegistryConformance(name: string, open: (context: TestContext) => Promise<RegistryUnderTest>): void {
  const test = (what: string, run: (subject: RegistryUnderTest) => Promise<void>): void =>
    it(what, { timeout: SLOW_MS }, async (context) => run(await open(context)));

  describe(`${name} as a registry of models`, () => {
    versionTests(test);
    aliasTests(test);
    fetchTests(test);
  });
}

type Test = (what: string, run: (subject: RegistryUnderTest) => Promise<void>) => void;

function versionTests(test: Test): void {
  test('is empty at first', async ({ registry }) => {
    expect(await registry.versions()).toEqual([]);
    for (const alias of ALIASES) {
      expect(await registry.at(alias)).toBeNull();
      expect(await registry.history(alias)).toEqual([]);
    }
    await expect(registry.version('1')).rejects.toMatchObject({ code: 'SFS_MODEL_MISSING' });
    await expect(registry.fetch('1', temporaryFolder())).rejects.toMatchObject({ code: 'SFS_MODEL_MISSING' });
  });

  test('keeps a bundle as the next version, with its digest, its region and tags', async ({ registry, again }) => {
    const folder = bundleWith('first');
    const startMs = Date.now();
    const first = await registry.register(folder, { data_hash: 'abc', note: 'ä "quoted"\nline' });
    const { digest, manifest } = readBundle(folder);
    expect(first).toMatchObject({ number: '1', digest, bundleVersion: manifest.version, region: manifest.region, aliases: [] });
    expect(first.tags).toEqual({
      data_hash: 'abc',
      note: 'ä "quoted"\nline',
      sha256: digest,
      bundle_version: manifest.version,
      region: manifest.region,
    });
    expect(Math.abs(first.createdAtMs - startMs)).toBeLessThan(SLOW_MS);
    expect((await registry.register(bundleWith('second'), {})).number).toBe('2');
    expect(await numbersOf(again())).toEqual(['2', '1']);
    expect(await again().version('1')).toEqual(first);
  });

  test('gives a bundle that it has its version, and adds the tags', async ({ registry, again }) => {
    const folder = bundleWith('same');
    await registry.register(folder, { one: '1', two: '2' });
    const twice = await again().register(copyOf(folder), { two: 'two', three: '3' });
    expect(twice.number).toBe('1');
    expect(twice.tags).toMatchObject({ one: '1', two: 'two', three: '3' });
    expect(await numbersOf(registry)).toEqual(['1']);
  });

  test('sets tags of a version, and leaves the others', async ({ registry, again }) => {
    await registry.register(bundleWith('tags'), { kept: 'kept', changed: 'before' });
    await registry.tag('1', { changed: 'after', 'gate.status': 'passed', 'gate.report': JSON.stringify({ checks: ['x'.repeat(3_000)] }) });
    const { tags } = await again().version('1');
    expect(tags).toMatchObject({ kept: 'kept', changed: 'after', 'gate.status': 'passed' });
    expect(JSON.parse(tags['gate.report']!)).toEqual({ checks: ['x'.repeat(3_000)] });
    await expect(registry.tag('2', { a: 'b' })).rejects.toMatchObject({ code: 'SFS_MODEL_MISSING' });
  });

  test('refuses what is no sound bundle, and keeps nothing of it', async ({ registry }) => {
    await expect(registry.register(temporaryFolder(), {})).rejects.toMatchObject({ code: 'SFS_MODEL_MISSING' });
    expect(await registry.versions()).toEqual([]);
  });
}

function aliasTests(test: Test): void {
  test('moves aliases, each by itself, and keeps who did and why', async ({ registry, again }) => {
    for (const text of ['a', 'b']) await registry.register(bundleWith(text), {});
    const first = await registry.move('production', '1', { by: 'ada', reason: 'first', atMs: 1_000 });
    expect(first).toMatchObject({ alias: 'production', number: '1', previous: null, by: 'ada', reason: 'first', atMs: 1_000 });
    await again().move('staging', '2', { ...BY, atMs: 2_000 });
    const second = await again().move('production', '2', { ...BY, atMs: 3_000 });
    expect(second).toMatchObject({ number: '2', previous: '1', reason: null });
    expect(await registry.at('production')).toMatchObject({ number: '2', aliases: ['staging', 'production'] });
    expect((await registry.versions()).map(({ aliases }) => aliases)).toEqual([['staging', 'production'], []]);
    const history = await registry.history('production');
    expect(history.map(({ number, previous, by }) => [number, previous, by])).toEqual([
      ['2', '1', 'ops'],
      ['1', null, 'ada'],
    ]);
    expect(versionBefore(history)).toBe('1');
    expect((await registry.history('staging')).map(({ number, atMs }) => [number, atMs])).toEqual([['2', 2_000]]);
  });

  test('moves an alias nowhere, and to no version that is not there', async ({ registry }) => {
    await registry.register(bundleWith('one'), {});
    await expect(registry.move('production', '7', { ...BY, atMs: 1 })).rejects.toMatchObject({ code: 'SFS_MODEL_MISSING' });
    expect(await registry.history('production')).toEqual([]);
    await registry.move('production', '1', { ...BY, atMs: 2 });
    expect(await registry.move('production', null, { ...BY, atMs: 3 })).toMatchObject({ number: null, previous: '1' });
    expect(await registry.at('production')).toBeNull();
    expect((await registry.version('1')).aliases).toEqual([]);
  });

  test('loses none of many moves, tags and bundles at a time', async ({ registry, again }) => {
    for (const text of ['x', 'y']) await registry.register(bundleWith(text), {});
    const others = [registry, again(), again()];
    await Promise.all(
      Array.from({ length: 12 }, async (_, at) => {
        await others[at % 3]!.move('staging', String(1 + (at % 2)), { by: `mover-${at}`, reason: null, atMs: 10 + at });
        await others[at % 3]!.tag('1', { [`tag-${at}`]: String(at) });
      }),
    );
    expect((await registry.history('staging')).map(({ by }) => by).sort()).toEqual(Array.from({ length: 12 }, (_, at) => `mover-${at}`).sort());
    const { tags } = await registry.version('1');
    for (let at = 0; at < 12; at++) expect(tags[`tag-${at}`]).toBe(String(at));
    const registered = await Promise.all([1, 2, 3, 4].map((at) => others[at % 3]!.register(bundleWith(`bundle ${at}`), {})));
    expect(new Set(registered.map(({ number }) => number)).size).toBe(4);
    expect(await numbersOf(registry)).toEqual(['6', '5', '4', '3', '2', '1']);
  });
}

function fetchTests(test: Test): void {
  test('gives a bundle back byte for byte, once for a cache', async ({ registry, again, spoil }) => {
    const folder = bundleWith('fetched');
    await registry.register(folder, {});
    const cache = temporaryFolder();
    const fetched = await again().fetch('1', cache);
    expect(filesIn(fetched)).toEqual(filesIn(folder));
    // What is there is asked for no more.
    await spoil('1', 'model-card.md');
    expect(await registry.fetch('1', cache)).toBe(fetched);
    expect(readdirSync(cache)).toHaveLength(1);
  });

  test('refuses a bundle that is not what was registered', async ({ registry, spoil }) => {
    await registry.register(bundleWith('sound'), {});
    await spoil('1', 'covisits.json');
    const cache = temporaryFolder();
    await expect(registry.fetch('1', cache)).rejects.toMatchObject({ code: 'SFS_MODEL_DAMAGED' });
    expect(readdirSync(cache)).toEqual([]);
  });
}
