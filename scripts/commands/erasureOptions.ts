/** What `skillforge privacy erase`, `export` and `move` have in common: the places of an installation. */
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { SkillForgeError } from '../../schemas/index.js';
import type { FeastStore } from '../../runtime/feast/index.js';
import type { Installation } from '../privacy/erasure/places.js';
import { regionServers, type RegionServers } from '../privacy/erasure/servers.js';
import { chainFolderOf } from './decisionsChain.js';
import { onFeatureStore, type FeatureStoreOptions } from './featureStoreOptions.js';
import { gatewayFolderOf, gatewayFolderOption } from './gatewayFolder.js';
import { homesOf, withHomesOptions, type HomesOptions } from './homesOption.js';
import { viewFolderOf, viewOption } from './readerView.js';
import { openServers, type ServerOptions } from './serverOptions.js';
import { toolCommand, type ToolOptions } from './toolAccess.js';

/** Where things are. */
export interface PlaceOptions extends ToolOptions, HomesOptions, Omit<FeatureStoreOptions, 'featureStore'> {
  readonly view?: string;
  readonly gatewayFolder?: string;
  readonly chain?: string;
  readonly also?: readonly string[];
  readonly featureStore?: string;
  /** Folders of the files of brokers and of servers of Redis, to look into. */
  readonly logDir?: readonly string[];
  readonly redisDir?: readonly string[];
}

/** Servers, with the folders of their files. */
export type ServerPlaces = ServerOptions & Pick<PlaceOptions, 'logDir' | 'redisDir'>;

/** A command that goes through all places. */
export function placeCommand(signature: string, summary: string, description: string, shown: readonly string[]): Command {
  const command = toolCommand(signature, summary, description, shown).addOption(viewOption()).addOption(gatewayFolderOption());
  return withHomesOptions(command, 'it says where learners are at home')
    .option('--chain <dir>', 'folder of the chain of "decisions seal" (default: the folder "decisions" in --data)')
    .option('--also <path...>', 'archives, exports, training sets and copies that lie outside of --data')
    .addOption(
      new Option('--feature-store <addresses>', "Redis of Feast's online store: redis://host:6379, or host:port,host:port of a Redis Cluster").env(
        'SKILLFORGE_FEATURE_STORE',
      ),
    )
    .option('--feature-store-options <file>', 'JSON file with username, password or tls, as --redis-options has it')
    .option('--project <name>', 'project of Feast; skillforge_<region> by default, with _ for -');
}

/** Runs `work` on the places that options name. @throws SFS_ERASURE_SERVERS for servers without data keys, what opening servers and the feature store throws, and what `work` throws */
export async function withInstallation<T>(options: PlaceOptions, work: (installation: Installation) => Promise<T>): Promise<T> {
  const { featureStore, kafka, redis } = options;
  const homes = homesOf(options);
  if (kafka === undefined && redis !== undefined) {
    const message = `${redis} has the state of a region, whose topics are in Kafka: give --kafka as well, or neither for the folder of one machine`;
    throw new SkillForgeError('SFS_ERASURE_SERVERS', message, { context: { servers: redis } });
  }
  const onStores = (servers?: RegionServers): Promise<T> => {
    const installationWith = (store: FeastStore | null): Installation => ({
      data: options.data,
      region: options.region,
      view: viewFolderOf(options),
      gatewayFolder: gatewayFolderOf(options),
      ...(homes === undefined ? {} : { homes }),
      chain: chainFolderOf(options),
      also: options.also ?? [],
      featureStore: store,
      ...(servers && { servers }),
    });
    return featureStore === undefined
      ? work(installationWith(null))
      : onFeatureStore({ ...options, featureStore }, (store) => work(installationWith(store)));
  };
  return kafka === undefined ? onStores() : onRegion(options, onStores);
}

/** Runs `work` on the region of the servers that options name. @throws as {@link withInstallation} */
export async function onRegion<T>(options: ServerPlaces, work: (servers: RegionServers) => Promise<T>): Promise<T> {
  const opened = await openServers(options);
  try {
    const { logDir = [], redisDir = [] } = options;
    const servers = await regionServers(opened, { name: serversName(options), logDirs: logDir, redisDirs: redisDir });
    try {
      return await work(servers);
    } finally {
      await servers.close();
    }
  } finally {
    await opened.close();
  }
}

/** The key that signs receipts. */
export const keyPathOf = ({ data, key }: { readonly data: string; readonly key?: string }, folder: string): string =>
  key ?? join(data, folder, 'receipts.key');

/** Tells the servers that options name from others, and says to people which they are. */
export const serversName = ({ kafka, redis }: Pick<PlaceOptions, 'kafka' | 'redis'>): string => `${kafka!} ${redis!}`;
