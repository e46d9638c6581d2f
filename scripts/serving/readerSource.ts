/** Where a reader has its lists from: a folder, or topics of Kafka. */
import { join } from 'node:path';
import { isReadByShard, isReadByView, type ConsoleSource, type EventLog, type RecommendationLog, type Shard } from '../../reader/index.js';
import type { SchemaIds } from '../../schemas/index.js';
import type { EmbeddedStorage } from '../../runtime/embedded/index.js';
import type { KafkaOptions } from '../../runtime/kafka/index.js';
import { kafkaOptionsOf, registryOptionsOf, type ReadingOptions } from '../commands/serverOptions.js';
import { consoleSource, modelsOf } from './consoleSource.js';
import { documentsIn } from './documentsFile.js';
import { kafkaEventLog } from './eventWriter.js';
import { FollowedFolder } from './followedFolder.js';
import type { ModelFigureOptions } from './modelFigures.js';
import { openRegionKeys } from './regionKeys.js';
import { ServersConsole } from './serversConsole.js';

/** What a reader is opened over. */
export interface ReaderSource {
  readonly log: RecommendationLog;
  /** Where ids of schemas come from; those of this package without. */
  readonly schemas?: SchemaIds;
  readonly console: ConsoleSource;
  /** Where events of clients go, from an outbox; nowhere without. */
  readonly events?: EventLog;
  close(): Promise<void>;
}

/** What a reader of topics is told. */
export interface KafkaSourceOptions extends ReadingOptions {
  /** Whether to write the events of clients, too. */
  readonly events?: true;
  /** The part of the learners that is read (all). */
  readonly shard?: Shard;
  /** Replicas of topics that are created for them (1). */
  readonly replication?: number;
  /** Where the page has its models from (it shows none). */
  readonly models?: ModelFigureOptions;
  /** Where the state of topologies is, for the page, and the data keys of the region, where it has any (the page shows none, and what is sealed stays so). */
  readonly redis?: string;
  readonly redisOptions?: string;
}

/** The schemas whose ids a registry has given, beside the view that holds records with these ids. */
const SCHEMAS_FILE = 'schemas.json';

const NO_STATE =
  'Not shown here: the state of topologies is not in the topics that this reader follows. Started with --redis it shows it; "skillforge lag" and the metrics of "run" tell it, too.';
const NO_WINDOWS = 'Not shown here: the windows behind the lists are not in the topics that this reader follows. Started with --redis it shows them.';

/**
 * A folder that another process writes.
 *
 * @param models - where the page has its models from
 * @throws SFS_FOLDER_MISSING, and what opening a storage for reading throws
 */
export async function folderSource(data: string, region: string, models?: ModelFigureOptions): Promise<ReaderSource> {
  const folder = await FollowedFolder.open(data);
  return { log: folder.log, console: { ...consoleOf(folder, region), ...modelsOf(models) }, close: () => folder.close() };
}

/**
 * Topics of Kafka, beside the workers that write them. Where no broker answers, it opens all the same: a view has what it had.
 *
 * @param view - folder of the view, which keeps what a schema registry has said, too
 * @param settings - of the client, where the options have none
 * @throws SFS_KAFKA_OPTIONS, SFS_REGISTRY_OPTION, SFS_DRIVER_UNAVAILABLE, SFS_BROKER_REFUSED
 */
export async function kafkaSource(options: KafkaSourceOptions, view: string, settings: Partial<KafkaOptions> = {}): Promise<ReaderSource> {
  const kafka = { ...settings, ...kafkaOptionsOf(options) };
  const registry = registryOptionsOf(options);
  // Their packages take a while to load, and are not there on every machine.
  const [{ openBroker }, { followTopics }] = await Promise.all([import('../../runtime/kafka/index.js'), import('../../runtime/cluster/index.js')]);
  const schemas = registry && (await import('../../runtime/registry/index.js')).openRegistry(registry, documentsIn(join(view, SCHEMAS_FILE)));
  const broker = await openBroker(options.driver, kafka);
  try {
    const { shard } = options;
    const isPartitionFollowed = shard && ((name: string, partition: number): boolean => isReadByShard(name, partition, shard));
    const sealing = await openRegionKeys(options, schemas);
    const { keys, diskKeys } = sealing;
    const followed = {
      broker,
      region: options.region,
      isFollowed: isReadByView,
      schemas,
      keys,
      diskKeys,
      ...(isPartitionFollowed && { isPartitionFollowed }),
    };
    const log = await followTopics(followed).catch(async (error: unknown) => {
      await sealing.close();
      throw error;
    });
    const { redis, models, replication = 1 } = options;
    const servers = redis === undefined ? null : new ServersConsole({ ...options, redis, replication });
    const close = async (): Promise<void> => {
      await servers?.close();
      await log.close();
      await broker.close();
      await sealing.close();
    };
    const figures = { ...NO_CONSOLE, ...servers?.source, ...modelsOf(models) };
    const events = options.events && kafkaEventLog(broker, options.region, { replication, keys, schemas });
    return { log, ...(schemas && { schemas }), console: figures, ...(events && { events }), close };
  } catch (error) {
    await broker.close();
    throw error;
  }
}

const NO_CONSOLE: ConsoleSource = {
  overview: () => ({ topologies: [], topics: [], absent: NO_STATE }),
  learner: (learner) => Promise.resolve({ learner, context: null, engagement: null, mastery: null, absent: NO_WINDOWS }),
  trend: (cohort) => Promise.resolve({ cohort, trend: null }),
};

/** The figures of the storage that is read now. */
function consoleOf(folder: FollowedFolder, region: string): ConsoleSource {
  type FolderConsole = ReturnType<typeof consoleSource>;
  let known: { readonly of: EmbeddedStorage; readonly source: FolderConsole } | null = null;
  const current = (): FolderConsole => {
    if (known?.of !== folder.storage) known = { of: folder.storage, source: consoleSource(folder.storage, { region }) };
    return known.source;
  };
  return {
    overview: () => current().overview(),
    learner: (learner) => current().learner(learner),
    trend: (cohort) => current().trend(cohort),
    decisions: (learner) => current().decisions(learner),
    replays: () => current().replays(),
    difference: (topology) => current().difference(topology),
    deadLetters: () => current().deadLetters(),
  };
}
