/** Versions of the model that variations name: real bundles of a registry in a folder, followed as a run follows them. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { experimentSource, followExperiments, type ExperimentEvent, type ExperimentFollower } from '../../../runtime/experiments/index.js';
import { MOST_VERSIONS, numbersIn, withRankers } from '../../../runtime/experiments/rankerValues.js';
import { decodeProgress, encodeProgress, newProgress, type TaskProgress } from '../../../runtime/engine/progress.js';
import { TaskModels, relive } from '../../../runtime/engine/taskModels.js';
import { followAlias, openRegistry, type AliasFollower, type ModelRegistry } from '../../../runtime/models/index.js';
import { SkillForgeError } from '../../../schemas/index.js';
import { REGION, RETRIEVAL, anotherVersion, manifestOf, remanifest, temporaryFolder } from '../models/fixture.js';
import { rankerPayload } from './payloads.js';

const SLOW_MS = 60_000;
const PATIENT = { timeout: 20_000, interval: 10 };
const NOWHERE = () => [];

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

interface Setting {
  readonly registry: ModelRegistry;
  readonly cacheFolder: string;
  readonly file: string;
}

/** A registry whose first version is production. Bundles have no rankers of their own: they open at once. */
async function setting(...bundles: readonly string[]): Promise<Setting> {
  const registry = openRegistry(temporaryFolder());
  for (const folder of [anotherVersion(RETRIEVAL, 'production'), ...bundles]) await registry.register(folder, {});
  await registry.move('production', '1', { by: 'test', reason: null, atMs: 0 });
  return { registry, cacheFolder: temporaryFolder(), file: join(temporaryFolder(), 'features.json') };
}

interface Run {
  readonly models: AliasFollower;
  readonly followed: ExperimentFollower;
  readonly events: ExperimentEvent[];
  /** What tasks turn to, as JSON. */
  readonly payload: () => {
    readonly features: Readonly<Record<string, { readonly rules: readonly { readonly variations: unknown }[] }>>;
    versions?: object;
  };
}

async function running({ registry, cacheFolder, file }: Setting): Promise<Run> {
  const models = await followAlias({ registry, cacheFolder, region: REGION, everyMs: 10 });
  ended.push(() => models.close());
  const events: ExperimentEvent[] = [];
  const followed = await followExperiments({ source: experimentSource(file), models, everyMs: 10, againMs: 10, onEvent: (one) => events.push(one) });
  ended.push(() => followed.close());
  return { models, followed, events, payload: () => JSON.parse(followed.experiments.current!.payload) as ReturnType<Run['payload']> };
}

const variationsIn = ({ payload }: Run): unknown => payload().features['recommendations.ranker']!.rules[0]!.variations;
const naming = (...variations: readonly string[]): string => {
  const weights = variations.map(() => 1 / variations.length);
  return JSON.stringify(rankerPayload({ variations: [...variations], weights, meta: variations.map((_, at) => ({ key: `v${at}` })) }));
};
const versionOf = (folder: string): string => `formula-2+${manifestOf(folder).name}@${manifestOf(folder).version}`;
const told = (events: readonly ExperimentEvent[]): string[] =>
  events.flatMap((one) => (one.kind === 'version-opened' ? `${one.number} open` : one.kind === 'version-refused' ? `${one.number} ${one.code}` : []));

function taskOf({ followed }: Run, progress: TaskProgress = newProgress()): TaskModels {
  return new TaskModels({ followed, task: 't@1/0/0', progress, firstLook: 1, isFixed: false });
}

describe('a version that a variation names', () => {
  it('is opened before tasks turn to it, and decides about nothing that it has seen', { timeout: SLOW_MS }, async () => {
    const challenger = anotherVersion(RETRIEVAL, 'challenger');
    const { trainedUntilMs } = manifestOf(challenger);
    remanifest(challenger, { trainedUntilMs: trainedUntilMs + 1_000 });
    const place = await setting(challenger);
    writeFileSync(place.file, naming('model', 'version:2'));
    const run = await running(place);
    const { digest } = await place.registry.version('2');
    expect([variationsIn(run), run.payload().versions]).toEqual([['model', 'version:2'], { 2: digest }]);
    expect(run.followed.experiments.current!.sinceMs).toBe(trainedUntilMs + 1_000);
    expect(told(run.events)).toEqual(['2 open']);
    const task = taskOf(run);
    expect(task.at(trainedUntilMs).experiments).toBeUndefined();
    const model = task.at(trainedUntilMs + 1_000);
    expect(model.version).toMatch(/^formula-2\+/);
    expect([model.named!('2')!.version, model.named!('1'), model.named!('3')]).toEqual([versionOf(challenger), undefined, undefined]);
    expect(model.named!('2')!.retrieval).not.toBe(model.retrieval);
    // A decision is asked for its model again and again: what watches models knows them by identity.
    expect(task.at(trainedUntilMs + 1_001)).toBe(model);
    expect(new Set(task.inUse())).toEqual(new Set([digest, run.models.current!.ref.digest]));
  });

  it(
    'that is broken, missing or for another region gives its learners what the control gets, until it can be used',
    { timeout: SLOW_MS },
    async () => {
      const elsewhere = anotherVersion(RETRIEVAL, 'elsewhere');
      remanifest(elsewhere, { region: 'us-east' });
      const place = await setting(elsewhere, anotherVersion(RETRIEVAL, 'spoilt'));
      const manifest = join(place.registry.place, 'recommender', 'versions', '3', 'bundle', 'manifest.json');
      writeFileSync(manifest, '{}');
      writeFileSync(place.file, naming('formula', 'version:2', 'version:3', 'version:4'));
      const run = await running(place);
      expect([variationsIn(run), run.payload().versions]).toEqual([['formula', 'formula', 'formula', 'formula'], {}]);
      expect(told(run.events)).toEqual(['2 SFS_MODEL_REGION', '3 SFS_MODEL_DAMAGED', '4 SFS_MODEL_MISSING']);
      const task = taskOf(run);
      expect(task.at(Date.now()).experiments!.version).toBe(run.followed.experiments.read(run.followed.experiments.current!.payload).version);
      // Looks go on, and tell nothing twice.
      const { looks } = run.followed.experiments;
      await expect.poll(() => run.followed.experiments.looks, PATIENT).toBeGreaterThan(looks + 3);
      expect(told(run.events)).toHaveLength(3);
      const fourth = anotherVersion(RETRIEVAL, 'fourth');
      await place.registry.register(fourth, {});
      await expect.poll(() => variationsIn(run), PATIENT).toEqual(['formula', 'formula', 'formula', 'version:4']);
      task.turn(NOWHERE);
      expect(task.at(Date.now() + 1_000).named!('4')!.version).toBe(versionOf(fourth));
      expect(told(run.events)).toEqual(['2 SFS_MODEL_REGION', '3 SFS_MODEL_DAMAGED', '4 SFS_MODEL_MISSING', '4 open']);
    },
  );

  it('stays in a registry that is away, and comes from the cache where a run begins meanwhile', { timeout: SLOW_MS }, async () => {
    const challenger = anotherVersion(RETRIEVAL, 'challenger');
    const place = await setting(challenger);
    let isAway = false;
    const shutting = <T>(ask: () => Promise<T>): Promise<T> =>
      isAway ? Promise.reject(new SkillForgeError('SFS_MODEL_REGISTRY', 'it is away', { retriable: true })) : ask();
    const { registry: open } = place;
    const registry: ModelRegistry = Object.assign(Object.create(open) as ModelRegistry, {
      at: (alias: Parameters<ModelRegistry['at']>[0]) => shutting(() => open.at(alias)),
      version: (number: string) => shutting(() => open.version(number)),
      fetch: (number: string, folder: string) => shutting(() => open.fetch(number, folder)),
    });
    writeFileSync(place.file, naming('model', 'version:2'));
    const run = await running({ ...place, registry });
    isAway = true;
    const { looks } = run.followed.experiments;
    await expect.poll(() => run.followed.experiments.looks, PATIENT).toBeGreaterThan(looks + 2);
    expect(variationsIn(run)).toEqual(['model', 'version:2']);
    const next = await running({ ...place, registry });
    expect([variationsIn(next), told(next.events)]).toEqual([['model', 'version:2'], ['2 open']]);
    expect(taskOf(next).at(Date.now()).named!('2')!.version).toBe(versionOf(challenger));
    // One that was never looked up is refused, and comes as soon as the registry does.
    writeFileSync(place.file, naming('model', 'version:1'));
    await expect.poll(() => told(next.events), PATIENT).toEqual(['2 open', '1 SFS_MODEL_REGISTRY']);
    expect(variationsIn(next)).toEqual(['model', 'model']);
    isAway = false;
    await expect.poll(() => variationsIn(next), PATIENT).toEqual(['model', 'version:1']);
  });

  it(
    'decides again as it did, when a task is computed again after it went out of the payload and of the registry',
    { timeout: SLOW_MS },
    async () => {
      const challenger = anotherVersion(RETRIEVAL, 'challenger');
      const place = await setting(challenger);
      writeFileSync(place.file, naming('model', 'version:2'));
      const run = await running(place);
      const atMs = Date.now();
      const task = taskOf(run);
      const before = task.at(atMs).named!('2')!.version;
      const [{ adoption }] = task.tell() as [ReturnType<TaskModels['tell']>[number]];
      for (const end of ended.splice(0).reverse()) await end();

      writeFileSync(place.file, naming('model', 'formula'));
      rmSync(join(place.registry.place, 'recommender', 'versions', '2'), { recursive: true });
      const later = await running(place);
      const progress = newProgress();
      relive(progress, [adoption], [{ topic: 't', partition: 0, next: 10 }]);
      const again = taskOf(later, decodeProgress(encodeProgress(progress)));
      again.turn(() => [{ topic: 't', partition: 0, next: 0 }]);
      later.models.use(() => again.inUse());
      // It waits for the version to be opened, as for any model.
      expect(() => again.at(atMs).named!('2')).toThrow('a model is awaited');
      await expect.poll(() => later.models.opened({ number: '2', digest: digestOf(adoption.experiments!) }), PATIENT).toBeDefined();
      expect(again.at(atMs).named!('2')!.version).toBe(before);
      expect(before).toBe(versionOf(challenger));
    },
  );

  it('is refused where no registry is followed', async () => {
    const file = join(temporaryFolder(), 'features.json');
    writeFileSync(file, naming('model', 'version:1'));
    const events: ExperimentEvent[] = [];
    const followed = await followExperiments({ source: experimentSource(file), onEvent: (event) => events.push(event) });
    ended.push(() => followed.close());
    expect(told(events)).toEqual(['1 SFS_MODEL_MISSING']);
    expect(events.find(({ kind }) => kind === 'version-refused')).toMatchObject({ message: expect.stringContaining('--models registry') as string });
  });
});

const digestOf = (payload: string): string => (JSON.parse(payload) as { readonly versions: Readonly<Record<string, string>> }).versions['2']!;

describe('the rankers of a payload', () => {
  const payload = {
    features: {
      'recommendations.ranker': {
        defaultValue: 'version:5',
        rules: [{ force: 'version:6' }, { variations: ['version:7', 'version:8', 'formula'] }, { variations: ['formula', 'version:7'] }],
      },
      other: { defaultValue: 'version:9' },
    },
  };

  it('name versions, each once, and no other feature does', () => {
    expect(numbersIn(payload)).toEqual(['5', '6', '7', '8']);
    expect(numbersIn(payload).length).toBe(MOST_VERSIONS);
    expect(numbersIn({ features: {} })).toEqual([]);
  });

  it('become those of the control where they cannot be used, and the model where that cannot be either', () => {
    const without = (...numbers: readonly string[]): unknown =>
      (withRankers(payload, (ranker) => !numbers.includes(ranker))['features'] as typeof payload.features)['recommendations.ranker'];
    expect(without('version:8')).toEqual({
      defaultValue: 'version:5',
      rules: [{ force: 'version:6' }, { variations: ['version:7', 'version:7', 'formula'] }, { variations: ['formula', 'version:7'] }],
    });
    expect(without('version:5', 'version:6', 'version:7')).toEqual({
      defaultValue: 'model',
      rules: [{ force: 'model' }, { variations: ['model', 'version:8', 'formula'] }, { variations: ['formula', 'formula'] }],
    });
  });
});
