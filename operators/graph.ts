import { SkillForgeError, topics, type AvroSchema, type Topic } from '../schemas/index.js';
import type { StageInput, StageNode } from './builder.js';
import type { SourceInput } from './stage.js';
import type { StageKind } from './stage.js';
import type { Topology } from './topology.js';

/** A value as JSON holds it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A topology as data: what `describe` returns, what a deployment keeps and `plan` compares. Survives JSON unchanged. */
export interface TopologyGraph {
  readonly name: string;
  readonly version: number;
  /** Empty where the topology has none. */
  readonly description: string;
  readonly subtopologies: readonly Subtopology[];
  /** Every stage once, in order of declaration. */
  readonly stages: readonly GraphStage[];
  readonly internalTopics: readonly InternalTopic[];
  /** Every topic that it reads or writes, once, internal ones included. */
  readonly topics: readonly GraphTopic[];
  /** What is allowed but hardly meant, such as an output that nobody reads. */
  readonly warnings: readonly string[];
  /** Of all stages together: 16 hexadecimal digits; the same for the same declaration, whatever its version. */
  readonly fingerprint: string;
}

/** Stages that run in one task: they hand records to each other directly. One task per partition. */
export interface Subtopology {
  /** From 0, by the first declared stage. */
  readonly index: number;
  /** In order of declaration. A global table is in every subtopology that reads it. */
  readonly stageIds: readonly string[];
  readonly inputs: readonly GraphSource[];
  readonly sinks: readonly GraphSink[];
  /** Number of its tasks: the partitions that its co-partitioned inputs agree on; 1 where all are global. */
  readonly partitions: number;
}

/** What a topic must be like in the broker. */
export interface GraphTopic {
  /** Logical name. */
  readonly name: string;
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact';
  /** `null` keeps for ever. */
  readonly retentionMs: number | null;
}

/** A topic that a subtopology reads. Times in ms. */
export interface GraphSource {
  readonly stageId: string;
  /** Logical name. */
  readonly topic: string;
  /** `task`: each task reads its own partition; `global`: every task reads all. */
  readonly scope: 'task' | 'global';
  readonly partitions: number;
  readonly latenessMs: number;
  readonly idleMs: number;
  readonly maxAheadMs: number;
  /** `value`: by the source's `eventTimeMs`; `header`: by the writer's engine header. */
  readonly eventTime: 'value' | 'header';
  /** Written by a topology: carries watermark markers. */
  readonly derived: boolean;
  /** Kind of the stage that writes it, where the topic is internal. */
  readonly internal: 'repartition' | 'batch' | null;
}

/** A stage that writes to a topic of the catalogue. */
export interface GraphSink {
  readonly stageId: string;
  readonly topic: string;
}

/** A topic of the topology's own, with its partitions settled. */
export interface InternalTopic {
  readonly name: string;
  readonly kind: 'repartition' | 'batch';
  readonly partitions: number;
  /** Stages that write and read it. */
  readonly writer: string;
  readonly reader: string;
}

/** A named store with the Avro schema of its rows. */
export interface GraphStore {
  readonly name: string;
  readonly schema: AvroSchema;
}

/** A stage as declared. */
export interface GraphStage {
  readonly id: string;
  readonly kind: StageKind;
  readonly parameters: { readonly [name: string]: Json };
  readonly stores: readonly GraphStore[];
  readonly inputs: readonly StageInput[];
  readonly ports: readonly string[];
  /** Topic that it reads or writes; `null` where it does neither. */
  readonly topic: string | null;
  /** Of kind, parameters, inputs, stores, ports and partitions: 16 hexadecimal digits. Functions are not seen. */
  readonly fingerprint: string;
}

/**
 * The graph of a topology, without running it.
 *
 * @throws SFS_PARTITIONS_DIFFER when topics that a task must read together have different numbers of partitions, or a copartitioned one is not written by as many tasks
 * @throws SFS_TOPOLOGY_CYCLE when a subtopology reads, directly or through others, what it writes: its watermark would wait for itself, or its input never end
 */
export function describe(topology: Topology): TopologyGraph {
  const nodes = topology.build().stages;
  refuseOwnDeadLetters(nodes);
  const groups = groupsOf(nodes);
  const counts = settlePartitions(nodes, groups);
  groups.forEach((group, index) => assertCopartitioned(group, counts[index]!));
  const subtopologies = groups.map((stages, index) => subtopologyFrom(stages, index, counts[index]!));
  const partitionsOf = new Map(subtopologies.flatMap((one) => one.inputs.map((input) => [input.stageId, input.partitions])));
  const stages = nodes.map((node) => stageFrom(node, partitionsOf.get(node.id) ?? null));
  return {
    name: topology.name,
    version: topology.version,
    description: topology.description ?? '',
    subtopologies,
    stages,
    internalTopics: internalTopicsOf(nodes, partitionsOf),
    topics: topicsOf(nodes, partitionsOf),
    warnings: warningsOf(nodes),
    fingerprint: hash(stages.map((stage) => `${stage.id} ${stage.fingerprint}\n`).join('')),
  };
}

/** Every topology writes dead letters: one that fails on them would feed itself. */
function refuseOwnDeadLetters(nodes: readonly StageNode[]): void {
  const reader = nodes.find(({ source }) => source?.topic.name === topics.deadLetters.name);
  if (reader === undefined) return;
  throw new SkillForgeError(
    'SFS_TOPOLOGY_CYCLE',
    `stage "${reader.id}" reads the dead letters, which the topology itself writes: its input would never end`,
    {
      context: { stages: [reader.id] },
    },
  );
}

/** The subtopology that runs a stage; of a global table, the first one that reads it. @throws SFS_STAGE_UNKNOWN */
export function subtopologyOf(graph: TopologyGraph, stageId: string): Subtopology {
  const found = graph.subtopologies.find((one) => one.stageIds.includes(stageId));
  if (found) return found;
  throw new SkillForgeError('SFS_STAGE_UNKNOWN', `topology ${graph.name} has no stage "${stageId}"`, {
    context: { topology: graph.name, stage: stageId },
  });
}

/** A stage by its id. @throws SFS_STAGE_UNKNOWN */
export function stageOf(graph: TopologyGraph, stageId: string): GraphStage {
  const found = graph.stages.find((stage) => stage.id === stageId);
  if (found) return found;
  throw new SkillForgeError('SFS_STAGE_UNKNOWN', `topology ${graph.name} has no stage "${stageId}"`, {
    context: { topology: graph.name, stage: stageId },
  });
}

/** Number of tasks that run a topology. */
export function taskCount(graph: TopologyGraph): number {
  return graph.subtopologies.reduce((total, one) => total + one.partitions, 0);
}

type Group = readonly StageNode[];

const isGlobal = (node: StageNode | undefined): boolean => node?.source?.scope === 'global';

/** Stages connected by inputs, each group in order of declaration. Global tables connect nothing: each group has its own copy. */
function groupsOf(nodes: readonly StageNode[]): Group[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const roots = connectedRoots(nodes, byId);
  const read = new Set(nodes.flatMap((node) => node.inputs.map((input) => input.stage)));
  const anchors = nodes.filter((node) => roots.get(node.id) === node.id && !(isGlobal(node) && read.has(node.id)));
  return anchors.map((anchor) => {
    const own = new Set(nodes.filter((node) => roots.get(node.id) === anchor.id).map((node) => node.id));
    const inputs = new Set(nodes.filter((node) => own.has(node.id)).flatMap((node) => node.inputs.map((input) => input.stage)));
    return nodes.filter((node) => own.has(node.id) || (isGlobal(node) && inputs.has(node.id)));
  });
}

/** The first declared stage of each stage's group, by union-find. */
function connectedRoots(nodes: readonly StageNode[], byId: ReadonlyMap<string, StageNode>): ReadonlyMap<string, string> {
  const order = new Map(nodes.map((node, index) => [node.id, index]));
  const parents = new Map(nodes.map((node) => [node.id, node.id]));
  const rootOf = (id: string): string => {
    const parent = parents.get(id)!;
    return parent === id ? id : rootOf(parent);
  };
  for (const node of nodes) {
    for (const input of node.inputs) {
      if (isGlobal(byId.get(input.stage))) continue;
      const [a, b] = [rootOf(node.id), rootOf(input.stage)];
      if (order.get(a)! < order.get(b)!) parents.set(b, a);
      else parents.set(a, b);
    }
  }
  return new Map(nodes.map((node) => [node.id, rootOf(node.id)]));
}

/**
 * Partitions of each group. A group that reads topics with a count of their own takes theirs; one that reads only
 * internal topics without takes the greatest count of the groups that write them.
 */
function settlePartitions(nodes: readonly StageNode[], groups: readonly Group[]): readonly number[] {
  const settled: (number | undefined)[] = groups.map(() => undefined);
  const settle = (index: number, path: readonly number[]): number => {
    if (path.includes(index)) throw cycleError(groups, [...path.slice(path.indexOf(index)), index]);
    const upstream = writersOf(groups, index).map((writer) => settle(writer, [...path, index]));
    settled[index] ??= declaredPartitions(groups[index]!) ?? Math.max(1, ...upstream);
    return settled[index];
  };
  return groups.map((_, index) => settle(index, []));
}

/** Groups that write a topic which this group reads. */
function writersOf(groups: readonly Group[], reader: number): number[] {
  const topics = new Set(groups[reader]!.map((node) => node.source?.topic.name));
  return groups.flatMap((group, index) => (group.some((node) => node.target && topics.has(node.target.name)) ? [index] : []));
}

function cycleError(groups: readonly Group[], path: readonly number[]): SkillForgeError {
  const steps = path.slice(1).map((reader, step) => {
    const read = new Set(groups[reader]!.map((node) => node.source?.topic.name));
    return groups[path[step]!]!.find((node) => node.target && read.has(node.target.name))!;
  });
  const named = steps.map((node) => `stage "${node.id}" (topic ${node.target!.name})`).join(', then ');
  return new SkillForgeError(
    'SFS_TOPOLOGY_CYCLE',
    `what is written by ${named} comes back to the subtopology that writes it: its watermark would wait for itself, or its input would never end; do not join or merge a stream with one that was made from it through keyBy, batch or a topic, nor use one table on both sides: make two topologies`,
    { context: { stages: steps.map((node) => node.id) } },
  );
}

/** The count that the co-partitioned inputs agree on; `undefined` where none has one of its own. */
function declaredPartitions(group: Group): number | undefined {
  const sources = group.flatMap((node) => (node.source?.scope === 'task' && node.source.topic.partitions > 0 ? [node.source.topic] : []));
  const [first] = sources;
  const other = sources.find((topic) => topic.partitions !== first!.partitions);
  if (other) throw partitionsError(first!, other);
  return first?.partitions ?? (group.some((node) => node.source?.scope === 'task') ? undefined : 1);
}

function partitionsError(first: Topic<string, unknown>, other: Topic<string, unknown>): SkillForgeError {
  const name = (topic: Topic<string, unknown>): string => `${topic.name} has ${topic.partitions} partitions`;
  return new SkillForgeError(
    'SFS_PARTITIONS_DIFFER',
    `${name(first)} but ${name(other)}, and one task reads both, so equal keys would not meet; give both the same number, send one through keyBy first, or read a small table with globalTable`,
    { context: { topics: [first.name, other.name], partitions: [first.partitions, other.partitions] } },
  );
}

/** Task p writes partition p of a copartitioned topic: there must be as many of both. */
function assertCopartitioned(group: Group, tasks: number): void {
  const sink = group.find(({ target }) => target?.copartitioned && target.partitions !== tasks);
  if (sink === undefined) return;
  const { name, partitions } = sink.target!;
  throw new SkillForgeError(
    'SFS_PARTITIONS_DIFFER',
    `each task writes its own partition of ${name}, which has ${partitions}, but stage "${sink.id}" runs in ${tasks} ${tasks === 1 ? 'task' : 'tasks'}; give ${name} as many partitions as the sources have, or take \`copartitioned\` from it`,
    { context: { topics: [name], partitions: [partitions, tasks] } },
  );
}

function subtopologyFrom(group: Group, index: number, partitions: number): Subtopology {
  return {
    index,
    stageIds: group.map((node) => node.id),
    inputs: group.flatMap((node) => (node.source ? [sourceFrom(node.id, node.source, partitions)] : [])),
    sinks: group.flatMap((node) => (node.kind === 'sink' && node.target ? [{ stageId: node.id, topic: node.target.name }] : [])),
    partitions,
  };
}

function sourceFrom(stageId: string, source: SourceInput, partitions: number): GraphSource {
  const { topic, scope, latenessMs, idleMs, maxAheadMs } = source;
  return {
    stageId,
    topic: topic.name,
    scope,
    partitions: scope === 'global' ? topic.partitions : partitions,
    latenessMs,
    idleMs,
    maxAheadMs,
    eventTime: source.eventTimeMs ? 'value' : 'header',
    derived: topic.derived,
    internal: source.internal ?? null,
  };
}

function stageFrom(node: StageNode, partitions: number | null): GraphStage {
  const { id, kind, inputs, ports } = node;
  const parameters = asJson(node.parameters) as Readonly<Record<string, Json>>;
  const stores = node.stores.map((store) => ({ name: store.name, schema: store.schema.avro }));
  const { topic: _, ...rest } = parameters;
  // The name of an internal topic holds the version: it would make every stage look changed.
  const compared = { kind, inputs, ports, stores, partitions, parameters: node.source?.internal ? rest : parameters };
  return {
    id,
    kind,
    parameters,
    stores,
    ports,
    inputs: inputs.map((input) => ({ ...input })),
    topic: (node.source?.topic ?? node.target)?.name ?? null,
    fingerprint: hash(canonicalJson(compared)),
  };
}

function internalTopicsOf(nodes: readonly StageNode[], partitionsOf: ReadonlyMap<string, number>): InternalTopic[] {
  return nodes.flatMap((reader) => {
    const kind = reader.source?.internal;
    if (!kind) return [];
    const { name } = reader.source.topic;
    const writer = nodes.find((node) => node.target?.name === name)!;
    return [{ name, kind, partitions: partitionsOf.get(reader.id)!, writer: writer.id, reader: reader.id }];
  });
}

function topicsOf(nodes: readonly StageNode[], partitionsOf: ReadonlyMap<string, number>): GraphTopic[] {
  const topics = new Map<string, GraphTopic>();
  // Readers last: they know how many partitions an internal topic has come to.
  for (const node of [...nodes.filter((one) => !one.source), ...nodes.filter((one) => one.source)]) {
    const topic = node.source?.topic ?? node.target;
    if (topic === undefined) continue;
    const { name, cleanup, retentionMs } = topic;
    topics.set(name, { name, partitions: partitionsOf.get(node.id) ?? topic.partitions, cleanup, retentionMs });
  }
  return [...topics.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Outputs that nobody reads. A table need not be read, nor a late or miss port whose records go elsewhere. */
function warningsOf(nodes: readonly StageNode[]): string[] {
  const read = new Set(nodes.flatMap((node) => node.inputs.map((input) => `${input.stage}:${input.port}`)));
  return nodes.flatMap((node) => {
    if (READ_BY_NONE.includes(node.kind) && !node.source?.internal) return [];
    const unread = node.ports.filter((port, index) => !read.has(`${node.id}:${index}`) && isMeantToBeRead(node, port));
    return unread
      .filter(() => node.target === undefined)
      .map((port) => `nobody reads output "${port}" of stage "${node.id}": its records go nowhere; end the stream in to(topic)`);
  });
}

const READ_BY_NONE: readonly StageKind[] = ['source', 'table', 'global-table', 'reduce-table', 'sink'];

const isMeantToBeRead = (node: StageNode, port: string): boolean => (port !== 'late' && port !== 'miss') || node.parameters[port] === 'pipeline';

/** JSON with the keys of every object in order, so that equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(asJson(value));
}

/** A value as plain JSON, keys in code unit order; what JSON cannot hold becomes its text, functions and `undefined` vanish. */
function asJson(value: unknown): Json {
  if (value === null || value === undefined || typeof value === 'function') return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint' || typeof value === 'symbol') return value.toString();
  if (Array.isArray(value)) return value.map(asJson);
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array);
  const present = Object.entries(value).filter(([, part]) => part !== undefined && typeof part !== 'function');
  return Object.fromEntries(present.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, part]) => [name, asJson(part)]));
}

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** FNV-1a, 64 bits, over UTF-16 code units: tells declarations apart, protects nothing. @see http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): string {
  let digest = FNV_OFFSET;
  for (let index = 0; index < text.length; index++) {
    digest = BigInt.asUintN(64, (digest ^ BigInt(text.charCodeAt(index))) * FNV_PRIME);
  }
  return digest.toString(16).padStart(16, '0');
}
