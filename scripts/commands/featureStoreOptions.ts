/** The options that name Feast's online store. */
import { Option, type Command } from 'commander';
import type { EntityName } from '../../operators/featureViews/index.js';
import type { FeastStore } from '../../runtime/feast/index.js';
import { usageError } from './failures.js';
import { redisOptionsOf } from './serverOptions.js';

/** What a command that works on the online store is told. */
export interface FeatureStoreOptions {
  readonly region: string;
  /** An address `redis://…`, or those of some servers of a Redis Cluster with commas between. */
  readonly featureStore: string;
  /** Path of a JSON file. */
  readonly featureStoreOptions?: string;
  readonly project?: string;
}

/** Gives a command `--feature-store` and what belongs to it. */
export function withFeatureStore(command: Command): Command {
  return command
    .addOption(
      new Option('--feature-store <addresses>', 'Redis of the online store: redis://host:6379, or host:port,host:port of a Redis Cluster')
        .env('SKILLFORGE_FEATURE_STORE')
        .makeOptionMandatory(),
    )
    .option('--feature-store-options <file>', 'JSON file with username, password or tls, as --redis-options has it')
    .option('--project <name>', 'project of Feast; skillforge_<region> by default, with _ for -');
}

/** `--entity name=value`, once for each join key. */
export const entityOption = (): Option =>
  new Option('--entity <name=value...>', 'whom or what it is about: a value for each join key, such as learner=ada').makeOptionMandatory();

/** An entity from its `name=value`. @throws SFS_USAGE */
export function entityOf(parts: readonly string[]): Readonly<Partial<Record<EntityName, string>>> & Readonly<Record<string, string>> {
  const pairs = parts.map((part) => {
    const at = part.indexOf('=');
    if (at < 1) throw usageError(`--entity ${part}: give name=value, such as learner=ada`);
    return [part.slice(0, at), part.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

/** Runs `work` on the online store that options name. @throws what opening it throws, and what `work` throws */
export async function onFeatureStore<T>(options: FeatureStoreOptions, work: (store: FeastStore) => Promise<T>): Promise<T> {
  const { openFeastStore } = await import('../../runtime/feast/index.js');
  const { region, featureStore, featureStoreOptions, project } = options;
  const file = featureStoreOptions === undefined ? {} : { redisOptions: featureStoreOptions };
  const redis = redisOptionsOf({ region, redis: featureStore, ...file });
  const store = await openFeastStore({ ...redis, ...(project === undefined ? {} : { project }) });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
