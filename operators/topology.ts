import { SkillForgeError, schemaOf, type Topic } from '../schemas/index.js';
import { assertNotNegative } from './assert.js';
import { TopologyBuilder } from './builder.js';
import { days, hours, seconds } from './duration.js';
import type { Models } from './ports/models.js';
import type { StageContext, StageLogic, StoreSpec } from './ports/stage.js';
import type { Records, StreamRecord } from './record.js';
import { schema, type ValueSchema } from './schema.js';
import type { SourceInput, StageOutput, StageParameters } from './stage.js';

/** How event time works in a source. */
export interface SourceOptions<V> {
  /** Event time of a value, ms since epoch. Required for topics that no topology writes; derived topics carry it. */
  readonly eventTimeMs?: (value: V) => number;
  /** How far behind the greatest event time a record may come and still count. Default 0. */
  readonly latenessMs?: number;
  /** After how long without a record a partition stops holding up the rest (wall clock; the decision is logged). Default 30 s. */
  readonly idleMs?: number;
  /** An event time further ahead of the log's append time goes to the dead letters. Default 1 h; none for derived topics, whose writers had it checked. */
  readonly maxAheadMs?: number;
}

/** Marks the type arguments as used; the fields do not exist at run time. */
interface TableTypes<K, T> {
  readonly __key?: K;
  readonly __row?: T;
}

/** A topic as a table: the latest value of each key. A tombstone removes the row. */
export interface Table<K extends string, T> extends TableTypes<K, T> {
  readonly kind: 'table';
  readonly stage: StageOutput<K, T>;
  readonly store: StoreSpec<T>;
}

/** A table that also remembers what was true before, as far back as `historyMs`. */
export interface VersionedTable<K extends string, T> extends TableTypes<K, T> {
  readonly kind: 'versioned-table';
  readonly stage: StageOutput<K, T>;
  readonly store: StoreSpec<Versions<T>>;
}

/** A table whose every partition is read by every task: lookups by any key. */
export interface GlobalTable<K extends string, T> extends TableTypes<K, T> {
  readonly kind: 'global-table';
  readonly stage: StageOutput<K, T>;
  readonly store: StoreSpec<T>;
}

/** A global table that also remembers what was true before, and whose writer's watermark holds back the task's. */
export interface GlobalVersionedTable<K extends string, T> extends TableTypes<K, T> {
  readonly kind: 'global-versioned-table';
  readonly stage: StageOutput<K, T>;
  readonly store: StoreSpec<Versions<T>>;
}

/** Values of one key by the event time from which they held, oldest first; `null` is a removal. */
export type Versions<T> = readonly { readonly fromMs: number; readonly value: T | null }[];

/** What a topology's build function starts from. */
export interface Sources {
  /** Region that the topology runs in; must not decide what is declared. */
  readonly region: string;
  /** What was trained, for stages that decide with it; `null` where the run has no models. Must not decide what is declared, either. */
  readonly models: Models | null;
  /** A topic as a stream of its records. */
  readonly source: <K extends string, V>(topic: Topic<K, V>, options?: SourceOptions<V>) => Records<K, V>;
  /** A co-partitioned topic as a table of its latest values. */
  readonly table: <K extends string, V>(topic: Topic<K, V>, options?: SourceOptions<V>) => Table<K, V>;
  /** A table that remembers `historyMs` (default 2 days) of each key. */
  readonly versionedTable: <K extends string, V>(topic: Topic<K, V>, options?: VersionedTableOptions<V>) => VersionedTable<K, V>;
  /** A topic as a table that every task holds whole. */
  readonly globalTable: <K extends string, V>(topic: Topic<K, V>, options?: SourceOptions<V>) => GlobalTable<K, V>;
  /** A table that every task holds whole and that remembers `historyMs` (default 2 days) of each key: what reads it waits for its writer. */
  readonly globalVersionedTable: <K extends string, V>(topic: Topic<K, V>, options?: VersionedTableOptions<V>) => GlobalVersionedTable<K, V>;
}

/** A source that also keeps what held before; `historyMs` in ms, default 2 days. */
export interface VersionedTableOptions<V> extends SourceOptions<V> {
  readonly historyMs?: number;
}

/** What is said of a topology beside its name. */
export interface TopologyOptions {
  /** Raise it when an operator changes: state belongs to one version. */
  readonly version: number;
  /** One sentence for people; shown by `topology list`. */
  readonly description?: string;
  /** What a run under experiments runs in its place: another version, as it has other operators. Absent where experiments change nothing. */
  readonly inExperiments?: Topology;
}

/** What a build function is run for. */
export interface BuildSetting {
  readonly region: string;
  /** That of a replay is another one than the declared. */
  readonly version: number;
  readonly models: Models | null;
}

/** A declared topology: what a topology file exports by default, and what runs, tests and plans take. */
export interface Topology extends TopologyOptions {
  readonly name: string;
  /**
   * Runs the build function: a fresh, unwired set of stages. Region and models matter to running stages only, not to what is declared. By
   * default the declared version, without models.
   */
  build(setting?: Partial<BuildSetting>): TopologyBuilder;
}

/** The same declaration under another number: that of a replay, whose state and topics stand beside those of the declared version. */
export function numbered(topology: Topology, version: number): Topology {
  if (version === topology.version) return topology;
  return { ...topology, version, build: (setting) => topology.build({ version, ...setting }) };
}

const NAME = /^[a-z][a-z0-9-]{0,63}$/;

/**
 * Declares a topology. The build function is run once per task and once per description, so it must only declare.
 *
 * @example
 * topology('doubled', { version: 1 }, ({ source }) => {
 *   source(topics.events, timed).pipe(map((record) => withValue(record, { ...record.value, n: record.value.n * 2 })), to(topics.derived));
 * })
 * // <- ada@1 5
 * // -> ada@1 { key: 'ada', atMs: 1, n: 10, tag: '' }
 * @throws SFS_TOPOLOGY_NAME, SFS_TOPOLOGY_VERSION when name or version are malformed; what `build` throws comes with `build()`
 */
export function topology(name: string, options: TopologyOptions, build: (sources: Sources) => void): Topology {
  if (!NAME.test(name))
    throw new SkillForgeError('SFS_TOPOLOGY_NAME', `"${name}" is no topology name: lower-case letters, digits and dashes, at most 64`);
  if (!Number.isInteger(options.version) || options.version < 1) {
    throw new SkillForgeError('SFS_TOPOLOGY_VERSION', `version of topology ${name} must be a whole number from 1 on, not ${options.version}`);
  }
  return {
    ...options,
    name,
    build: ({ region = 'none', version = options.version, models = null } = {}) => {
      const builder = new TopologyBuilder(name, version, region);
      build(sourcesOf(builder, models));
      if (builder.stages.length === 0) throw new SkillForgeError('SFS_TOPOLOGY_EMPTY', `topology ${name} declares no source`);
      return builder;
    },
  };
}

function sourcesOf(builder: TopologyBuilder, models: Models | null): Sources {
  return {
    region: builder.region,
    models,
    source: (topic, options) => addSource(builder, topic, options, { kind: 'source', stores: [], create: () => passOn }) as never,
    table: (topic, options) => {
      const store = { name: `${topic.name}/rows`, schema: topicSchema(topic) };
      return {
        kind: 'table',
        store,
        stage: addSource(builder, topic, options, { kind: 'table', stores: [store], create: tableLogic(store) }),
      } as never;
    },
    versionedTable: (topic, options) => ({ kind: 'versioned-table', ...addVersioned(builder, topic, options, 'table') }) as never,
    globalTable: (topic, options) => {
      const store = { name: `${topic.name}/rows`, schema: topicSchema(topic) };
      return {
        kind: 'global-table',
        store,
        stage: addSource(builder, topic, options, { kind: 'global-table', stores: [store], create: tableLogic(store) }),
      } as never;
    },
    globalVersionedTable: (topic, options) => ({ kind: 'global-versioned-table', ...addVersioned(builder, topic, options, 'global-table') }) as never,
  };
}

/** A source that keeps versions; a global one holds the watermark back, so that nobody asks for the past before it is known. */
function addVersioned<V>(
  builder: TopologyBuilder,
  topic: Topic<string, V>,
  options: VersionedTableOptions<V> | undefined,
  kind: 'table' | 'global-table',
): { readonly store: StoreSpec<Versions<V>>; readonly stage: StageOutput<string, unknown> } {
  const store = { name: `${topic.name}/versions`, schema: versionsSchema(topicSchema(topic)) };
  const historyMs = options?.historyMs ?? days(2);
  assertNotNegative(`historyMs of table ${topic.name}`, historyMs);
  const stage = { kind, stores: [store], create: versionedLogic(store, historyMs), parameters: { historyMs }, holdsWatermark: true };
  return { store, stage: addSource(builder, topic, options, stage) };
}

type Create = (context: StageContext) => StageLogic;

const passOn: StageLogic = { onRecord: () => undefined };

/** What a source does with its records. */
interface SourceStage {
  readonly kind: 'source' | 'table' | 'global-table';
  readonly stores: readonly StoreSpec<unknown>[];
  readonly create: Create;
  /** Beside its topic and times. */
  readonly parameters?: StageParameters;
  /** Default: true but for global tables. */
  readonly holdsWatermark?: boolean;
}

function addSource<V>(
  builder: TopologyBuilder,
  topic: Topic<string, V>,
  options: SourceOptions<V> | undefined,
  stage: SourceStage,
): StageOutput<string, unknown> {
  const { kind, stores, create } = stage;
  const scope = kind === 'global-table' ? 'global' : 'task';
  const source = sourceInput(topic, options ?? {}, scope, stage.holdsWatermark ?? scope === 'task');
  // Whether it holds the watermark follows from the kind of table.
  const { topic: _, eventTimeMs: __, holdsWatermark: ___, ...times } = source;
  const parameters = { topic: topic.name, ...times, ...stage.parameters };
  return builder.add({ id: topic.name, kind, parameters, stores, ports: ['out'], create, source }, [])[0]!;
}

function sourceInput<V>(topic: Topic<string, V>, options: SourceOptions<V>, scope: 'task' | 'global', holdsWatermark: boolean): SourceInput {
  if (options.eventTimeMs === undefined && !topic.derived) {
    throw new SkillForgeError(
      'SFS_EVENT_TIME_MISSING',
      `source ${topic.name} needs eventTimeMs: no topology writes this topic, so its records carry no event time`,
    );
  }
  const times = {
    latenessMs: options.latenessMs ?? 0,
    idleMs: options.idleMs ?? seconds(30),
    maxAheadMs: options.maxAheadMs ?? (topic.derived ? Number.MAX_SAFE_INTEGER : hours(1)),
  };
  for (const [name, value] of Object.entries(times)) assertNotNegative(`${name} of source ${topic.name}`, value);
  const eventTimeMs = options.eventTimeMs as ((value: unknown) => number) | undefined;
  return { topic, scope, holdsWatermark, ...times, ...(eventTimeMs ? { eventTimeMs } : {}) };
}

/** Keeps the latest value of each key; a `null` value is a tombstone. */
function tableLogic(store: StoreSpec<unknown>): Create {
  return (context) => {
    const rows = context.state(store);
    return {
      onRecord: (record) => (record.value === null ? rows.delete(record.key) : rows.put(record.key, record.value)),
    };
  };
}

function versionedLogic(store: StoreSpec<Versions<unknown>>, historyMs: number): Create {
  return (context) => {
    const rows = context.state(store);
    return { onRecord: (record) => rows.put(record.key, withVersion(rows.get(record.key) ?? [], record, context.watermarkMs - historyMs)) };
  };
}

/**
 * Inserts by event time (a later arrival of the same time wins) and forgets versions that ended before the horizon. The horizon goes by the
 * watermark, not by the newest version: where the table is read ahead of the records that look it up, what they will need is still there.
 */
function withVersion(versions: Versions<unknown>, record: StreamRecord<string, unknown>, horizonMs: number): Versions<unknown> {
  const added = { fromMs: record.timestamp, value: record.value };
  const before = versions.filter((version) => version.fromMs < added.fromMs);
  const after = versions.filter((version) => version.fromMs > added.fromMs);
  const all = [...before, added, ...after];
  const firstKept = all.findLastIndex((version) => version.fromMs <= horizonMs);
  return firstKept <= 0 ? all : all.slice(firstKept);
}

/** The value schema of a topic, as the state stores take it. */
export function topicSchema<V>(topic: Topic<string, V>): ValueSchema<V> {
  return schema.avro<V>(schemaOf(topic));
}

function versionsSchema<T>(value: ValueSchema<T>): ValueSchema<Versions<T>> {
  return schema.array(schema.record({ fromMs: schema.long, value: schema.nullable(value) }));
}
