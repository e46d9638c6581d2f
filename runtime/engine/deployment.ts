import {
  LocalSchemaIds,
  SkillForgeError,
  physicalTopicName,
  regionMismatch,
  regionalCodec,
  schemaOf,
  topicCodec,
  topics,
  type AvroSchema,
  type SchemaIds,
  type Topic,
  type TopicCodec,
} from '../../schemas/index.js';
import { canonicalJson, describe, type InternalTopic, type Subtopology, type TopologyGraph } from '../../operators/graph.js';
import type { TopologyBuilder } from '../../operators/builder.js';
import type { Models } from '../../operators/ports/models.js';
import type { StoreSpec } from '../../operators/ports/stage.js';
import type { SourceInput } from '../../operators/stage.js';
import { numbered, type Topology } from '../../operators/topology.js';
import type { Placement, TopicSpec } from '../ports.js';
import {
  isBeside,
  keepReplayState,
  liveVersion,
  replayState,
  resultTopics,
  shadowedTopics,
  versionedName,
  type LiveVersion,
  type Replay,
} from '../replay/replayState.js';
import { CONTROL, DecisionLog, type InheritedDecisions } from './decisions.js';
import { isFollowed, type FollowedModels, type RunModels } from './followedModels.js';
import type { ProducerId } from './header.js';
import type { Target } from './outputs.js';
import { SharedRows } from './sharedRows.js';
import { StateCodec } from './stateCodec.js';

/** How a topology is deployed. */
export interface DeploymentOptions {
  /** Beside the live version, with topics and state of its own. */
  readonly shadow?: Replay;
  /** What its stages decide with; none by default. */
  readonly models?: RunModels | null;
}

/** A dead letter holds the record that failed, which may be the largest that its topic takes, and what is said of it. */
const MOST_LETTER_BYTES = 2 * 1024 * 1024;

/** A topology in a region on a storage: names, codecs and topics settled. */
export class Deployment {
  /** Under the number of its live version, or of the replay. */
  readonly topology: Topology;
  readonly graph: TopologyGraph;
  private readonly declaredVersion: number;
  private readonly shadow: Replay | null;
  /** Models that do not change while it runs; `null` where they do, and where there are none. */
  private readonly models: Models | null;
  /** Models that change while it runs. */
  readonly followed: FollowedModels | null;
  /** Ends of the names of topics that this version has of its own, by their logical names. */
  private readonly ownNames: ReadonlyMap<string, string>;
  /** Rows that all tasks read. */
  readonly sharedRows = new SharedRows();
  private readonly codecs = new Map<string, TopicCodec<unknown>>();
  private readonly targets = new Map<string, Target>();
  private readonly stateCodecs = new Map<string, StateCodec<unknown>>();
  private readonly ids: SchemaIds;

  constructor(
    declared: Topology,
    readonly region: string,
    private readonly storage: Pick<Placement, 'documents' | 'schemas'>,
    options: DeploymentOptions = {},
  ) {
    this.ids = storage.schemas ?? LocalSchemaIds.withAccepted();
    this.declaredVersion = declared.version;
    this.shadow = options.shadow ?? null;
    const { models = null } = options;
    this.followed = models !== null && isFollowed(models) ? models : null;
    this.models = models === null || isFollowed(models) ? null : models;
    const { number, outputs } = this.shadow ?? runningForm(declared, replayState(storage.documents, declared.name).live);
    this.topology = numbered(declared, number);
    this.graph = describe(this.topology);
    const own = this.shadow === null ? resultTopics(this.graph) : shadowedTopics(this.graph);
    this.ownNames = new Map(own.map((name) => [name, versionedName(name, outputs)]));
  }

  /** `name@version`, as tasks and producers are called. */
  get id(): string {
    return `${this.graph.name}@${this.graph.version}`;
  }

  /** A fresh set of stages, as they run here. @param models - those of the task that they are for, where models change while it runs */
  build(models: Models | null = null): TopologyBuilder {
    const seen = models === null ? this.models : (this.followed?.watch?.(models) ?? models);
    return this.topology.build({ region: this.region, models: seen });
  }

  taskName(subtopology: number, partition: number): string {
    return `${this.id}/${subtopology}/${partition}`;
  }

  producer(subtopology: Subtopology, partition: number): ProducerId {
    return { name: `${this.id}/${subtopology.index}`, partition, count: subtopology.partitions };
  }

  physicalName(topic: Topic<string, unknown>): string {
    return physicalTopicName(this.region, this.ownNames.get(topic.name) ?? topic.name);
  }

  /** A source as this deployment reads it: the replay of a range of event time waits for all that is late within it. */
  sourceOf(source: SourceInput): SourceInput {
    const range = this.shadow?.range ?? null;
    if (range === null || source.internal !== undefined) return source;
    return { ...source, latenessMs: source.latenessMs + range.toMs - range.fromMs };
  }

  /** Partitions of a topic as this deployment uses it; those of an internal topic follow the sources. */
  partitionsOf(topic: Topic<string, unknown>): number {
    return this.internal(topic.name)?.partitions ?? topic.partitions;
  }

  internal(topicName: string): InternalTopic | undefined {
    return this.graph.internalTopics.find((internal) => internal.name === topicName);
  }

  codecOf(topic: Topic<string, unknown>): TopicCodec<unknown> {
    let codec = this.codecs.get(topic.name);
    if (codec === undefined) this.codecs.set(topic.name, (codec = regionalCodec(topic, topicCodec(topic, this.ids), this.region)));
    return codec;
  }

  targetOf(topic: Topic<string, unknown>): Target {
    let target = this.targets.get(topic.name);
    if (target === undefined) {
      target = { topic, physicalName: this.physicalName(topic), partitions: this.partitionsOf(topic), codec: this.codecOf(topic) };
      this.targets.set(topic.name, target);
    }
    return target;
  }

  /** Every topic the topology touches, the engine's own included. */
  topicSpecs(): TopicSpec[] {
    const touched = this.build().stages.flatMap((stage) => [stage.source?.topic, stage.target].filter((topic) => topic !== undefined));
    const all = new Map([...touched, topics.control, topics.deadLetters].map((topic) => [topic.name, topic]));
    return [...all.values()].map((topic) => ({
      name: this.physicalName(topic),
      partitions: this.partitionsOf(topic),
      cleanup: topic.cleanup,
      retentionMs: topic.retentionMs,
      ...(topic.name === topics.deadLetters.name ? { mostRecordBytes: MOST_LETTER_BYTES } : {}),
    }));
  }

  /** The topics that it writes, with the engine's own. */
  writtenTopics(): Topic<string, unknown>[] {
    const written = this.build().stages.flatMap(({ target }) => target ?? []);
    return [...new Map([...written, CONTROL, topics.deadLetters].map((topic) => [topic.name, topic])).values()];
  }

  /** The topics of others that it reads. */
  readTopics(): Topic<string, unknown>[] {
    const read = this.build().stages.flatMap(({ source }) => (source === undefined || source.internal !== undefined ? [] : source.topic));
    return [...new Map(read.map((topic) => [topic.name, topic])).values()];
  }

  /** Makes the schemas known of what it writes. @throws what the registry throws */
  async registerSchemas(): Promise<void> {
    for (const topic of this.writtenTopics()) await this.storage.schemas?.register(this.physicalName(topic), topic.schemaName, schemaOf(topic));
  }

  /** What tasks decided in this region so far. */
  decisionLog(placement: Pick<Placement, 'records' | 'refused'>): DecisionLog {
    return new DecisionLog(placement, this.physicalName(CONTROL), this.codecOf(CONTROL), this.inheritedDecisions());
  }

  /** Whether it stands beside the live version: then it turns to no other model than those that the live version turned to, or that it began with. */
  get isShadow(): boolean {
    return this.shadow !== null;
  }

  /** A replay lives what the live version lived, as far as its tasks read the same: that of a range no silence of its sources. */
  private inheritedDecisions(): InheritedDecisions | null {
    if (this.shadow === null) return null;
    const { against, controlEnd, range } = this.shadow;
    const id = `${this.graph.name}@${against.number}`;
    const before = this.deployedGraph(id)?.subtopologies ?? [];
    const readTopics = ({ inputs }: Subtopology): string => inputs.map(({ topic, internal }) => (internal === null ? topic : internal)).join();
    const same = this.graph.subtopologies.filter((one) => before.some((other) => other.index === one.index && readTopics(other) === readTopics(one)));
    const subtopologies = new Set(same.map(({ index }) => index));
    return { from: id, to: this.id, subtopologies, areSilencesSame: range === null, until: controlEnd };
  }

  /** @throws SFS_STATE_UNPREPARED when `prepareState` has not run */
  stateCodec(store: StoreSpec<unknown>): StateCodec<unknown> {
    const codec = this.stateCodecs.get(store.name);
    if (codec === undefined) throw new SkillForgeError('SFS_STATE_UNPREPARED', `store ${store.name} of ${this.id} is not prepared`);
    return codec;
  }

  /** Records the schema of every store beside the state, so that rows of an older schema are migrated when they are read. */
  async prepareState(): Promise<void> {
    for (const { codec, known, document } of this.migrations()) {
      if (codec.versions.length > known) await this.storage.documents.put(document, Buffer.from(JSON.stringify(codec.versions)));
      this.stateCodecs.set(codec.store, codec);
    }
  }

  /** Brings documents and codecs together again: other processes may have added schemas, and the store may have lost documents. */
  async renew(): Promise<void> {
    if (this.deployedGraph() === null) await this.register();
    await this.prepareState();
  }

  /** A codec for each store, with the schemas that the document beside its state knows. @throws SFS_STATE_SCHEMA */
  private migrations(): { readonly codec: StateCodec<unknown>; readonly known: number; readonly document: string }[] {
    const stores = this.build().stages.flatMap((stage) => stage.stores);
    return stores.map(({ name, schema }) => {
      const document = `state-schemas/${this.id}/${name}`;
      const kept = this.storage.documents.get(document);
      const versions = kept === null ? [] : (JSON.parse(kept.toString()) as AvroSchema[]);
      return { codec: this.codecKnowing(name, schema, versions), known: versions.length, document };
    });
  }

  /** What this process knew before stays known, also where the document was lost. */
  private codecKnowing(store: string, schema: StoreSpec<unknown>['schema'], kept: readonly AvroSchema[]): StateCodec<unknown> {
    const before = this.stateCodecs.get(store);
    if (before === undefined) return new StateCodec(store, schema, kept);
    const both = Math.min(kept.length, before.versions.length);
    if (JSON.stringify(kept.slice(0, both)) !== JSON.stringify(before.versions.slice(0, both)))
      throw new SkillForgeError('SFS_STATE_SCHEMA', `two processes gave the rows of store ${store} of ${this.id} different schemas at a time`);
    return kept.length <= before.versions.length ? before : new StateCodec(store, schema, kept);
  }

  /**
   * Compares with what was deployed, and changes nothing. Rows of another schema make no other operator, as long as the older rows can be
   * migrated.
   * @throws SFS_PLAN_CHANGED when an operator changed under an unchanged version; SFS_PLAN_REFUSED when a newer version ran already: both
   * would write the same topics; SFS_REPLAY_BESIDE for a replay that is not live; SFS_STATE_SCHEMA when the rows of a store cannot be migrated: at the start, not
   * at the first of them; SFS_REGION_MISMATCH where the storage has the topology's state of another region
   */
  assertPlan(): void {
    const { name, version } = this.graph;
    this.assertOwnState();
    // A replay has been compared with what it began with.
    if (this.shadow !== null) return;
    const newest = liveVersion(this.storage.documents, name)?.number ?? 0;
    this.assertNumber();
    if (newest > version) {
      const reason = `version ${version} of ${name} is older than the deployed ${newest}; to go back, declare it as version ${newest + 1}`;
      throw new SkillForgeError('SFS_PLAN_REFUSED', reason, { context: { deployed: newest, now: version } });
    }
    const deployed = this.deployedGraph();
    if (deployed?.fingerprint === this.graph.fingerprint) return;
    if (deployed !== null && besidesRows(deployed) !== besidesRows(this.graph)) throw this.planChanged(deployed);
    for (const { codec } of this.migrations()) codec.assertMigrates();
  }

  /** Tasks of a folder have names without a region: the first region that runs a topology there is the one whose state it is. */
  private assertOwnState(): void {
    const { name } = this.graph;
    const kept = this.storage.documents.get(stateRegion(name))?.toString() ?? this.region;
    if (kept !== this.region) throw regionMismatch(`the state of ${name}`, kept, this.region);
  }

  /** A version that stands beside the live one, and one whose number was given to a replay, cannot simply run. */
  private assertNumber(): void {
    const { name, version } = this.graph;
    const { documents } = this.storage;
    const { live, lastNumber, replay } = replayState(documents, name);
    const isRaised = this.declaredVersion > (liveVersion(documents, name)?.declared ?? 0);
    if (isRaised && isBeside(replay) && (replay.number === version || replay.declared === this.declaredVersion)) {
      const reason = `version ${replay.declared} of ${name} is replay ${replay.number}, beside the live version: promote it, or drop it`;
      throw new SkillForgeError('SFS_REPLAY_BESIDE', reason, { context: { topology: name, number: replay.number } });
    }
    if (live === null || !isRaised || version > lastNumber) return;
    const reason = `number ${version} of ${name} was given to a replay: declare it as version ${lastNumber + 1}`;
    throw new SkillForgeError('SFS_PLAN_REFUSED', reason, { context: { given: lastNumber, now: version } });
  }

  /** Keeps the graph as deployed; {@link assertPlan} comes first. */
  async register(): Promise<void> {
    const { documents } = this.storage;
    const { name, version } = this.graph;
    if (documents.get(stateRegion(name)) === null) await documents.put(stateRegion(name), Buffer.from(this.region));
    if (this.shadow !== null) return;
    const state = replayState(documents, name);
    if (this.deployedGraph()?.fingerprint !== this.graph.fingerprint)
      await documents.put(`deployed/${this.id}`, Buffer.from(JSON.stringify(this.graph)));
    if (state.live !== null && state.live.number !== version)
      await keepReplayState(documents, name, { ...state, live: { ...state.live, number: version, declared: version } });
  }

  private deployedGraph(id = this.id): TopologyGraph | null {
    const kept = this.storage.documents.get(`deployed/${id}`);
    return kept === null ? null : (JSON.parse(kept.toString()) as TopologyGraph);
  }

  private planChanged(deployed: TopologyGraph): SkillForgeError {
    return new SkillForgeError(
      'SFS_PLAN_CHANGED',
      `${this.id} is deployed with other operators: raise its version, or see \`skillforge topology plan ${this.graph.name}\` for what changed`,
      { context: { deployed: deployed.fingerprint, now: this.graph.fingerprint } },
    );
  }
}

/** Document that says whose state a topology has. */
const stateRegion = (topology: string): string => `state-region/${topology}`;

/** A promoted replay goes on under its number; whatever comes after it writes where it wrote. */
function runningForm({ version }: Topology, live: LiveVersion | null): Pick<LiveVersion, 'number' | 'outputs'> {
  if (live === null) return { number: version, outputs: null };
  return { number: live.declared === version ? live.number : version, outputs: live.outputs };
}

/** Everything that makes the operators of a graph, but for the schemas of their rows: a row may have got a field that starts as null. */
function besidesRows({ stages, subtopologies }: TopologyGraph): string {
  const operators = stages.map(({ stores, parameters, fingerprint: _, ...rest }) => ({
    ...rest,
    stores: stores.map(({ name }) => name),
    parameters: JSON.parse(JSON.stringify(parameters, (__, value: unknown) => (value === null ? undefined : value))) as unknown,
  }));
  return canonicalJson({ subtopologies, operators });
}
