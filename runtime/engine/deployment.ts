import {
  LocalSchemaIds,
  SkillForgeError,
  physicalTopicName,
  topicCodec,
  topics,
  type AvroSchema,
  type SchemaIds,
  type Topic,
  type TopicCodec,
} from '../../schemas/index.js';
import { canonicalJson, describe, type InternalTopic, type Subtopology, type TopologyGraph } from '../../operators/graph.js';
import type { StoreSpec } from '../../operators/ports/stage.js';
import type { Topology } from '../../operators/topology.js';
import type { Placement, Storage, TopicSpec } from '../ports.js';
import { CONTROL, DecisionLog } from './decisions.js';
import type { ProducerId } from './header.js';
import type { Target } from './outputs.js';
import { SharedRows } from './sharedRows.js';
import { StateCodec } from './stateCodec.js';

/** A topology in a region on a storage: names, codecs and topics settled. */
export class Deployment {
  readonly graph: TopologyGraph;
  /** Rows that all tasks read. */
  readonly sharedRows = new SharedRows();
  private readonly codecs = new Map<string, TopicCodec<unknown>>();
  private readonly targets = new Map<string, Target>();
  private readonly stateCodecs = new Map<string, StateCodec<unknown>>();
  private readonly ids: SchemaIds = LocalSchemaIds.withAccepted();

  constructor(
    readonly topology: Topology,
    readonly region: string,
    private readonly storage: Pick<Storage, 'documents'>,
  ) {
    this.graph = describe(topology);
  }

  /** `name@version`, as tasks and producers are called. */
  get id(): string {
    return `${this.graph.name}@${this.graph.version}`;
  }

  taskName(subtopology: number, partition: number): string {
    return `${this.id}/${subtopology}/${partition}`;
  }

  producer(subtopology: Subtopology, partition: number): ProducerId {
    return { name: `${this.id}/${subtopology.index}`, partition, count: subtopology.partitions };
  }

  physicalName(topic: Topic<string, unknown>): string {
    return physicalTopicName(this.region, topic.name);
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
    if (codec === undefined) this.codecs.set(topic.name, (codec = topicCodec(topic, this.ids)));
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
    const touched = this.topology.build().stages.flatMap((stage) => [stage.source?.topic, stage.target].filter((topic) => topic !== undefined));
    const all = new Map([...touched, topics.control, topics.deadLetters].map((topic) => [topic.name, topic]));
    return [...all.values()].map((topic) => ({
      name: this.physicalName(topic),
      partitions: this.partitionsOf(topic),
      cleanup: topic.cleanup,
      retentionMs: topic.retentionMs,
    }));
  }

  /** What tasks decided in this region so far. */
  decisionLog(placement: Pick<Placement, 'records'>): DecisionLog {
    return new DecisionLog(placement, this.physicalName(CONTROL), this.codecOf(CONTROL));
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

  /** A codec for each store, with the schemas that the document beside its state knows. */
  private migrations(): { readonly codec: StateCodec<unknown>; readonly known: number; readonly document: string }[] {
    const stores = this.topology.build().stages.flatMap((stage) => stage.stores);
    return stores.map(({ name, schema }) => {
      const document = `state-schemas/${this.id}/${name}`;
      const kept = this.storage.documents.get(document);
      const versions = kept === null ? [] : (JSON.parse(kept.toString()) as AvroSchema[]);
      return { codec: new StateCodec(name, schema, versions), known: versions.length, document };
    });
  }

  /**
   * Compares with what was deployed, and changes nothing. Rows of another schema make no other operator, as long as the older rows can be
   * migrated.
   * @throws SFS_PLAN_CHANGED when an operator changed under an unchanged version; SFS_PLAN_REFUSED when a newer version ran already: both
   * would write the same topics; SFS_STATE_SCHEMA when the rows of a store cannot be migrated: at the start, not at the first of them
   */
  assertPlan(): void {
    const { name, version } = this.graph;
    const prefix = `deployed/${name}@`;
    const newest = Math.max(0, ...this.storage.documents.names(prefix).map((document) => Number(document.slice(prefix.length))));
    if (newest > version) {
      const reason = `version ${version} of ${name} is older than the deployed ${newest}; to go back, declare it as version ${newest + 1}`;
      throw new SkillForgeError('SFS_PLAN_REFUSED', reason, { context: { deployed: newest, now: version } });
    }
    const deployed = this.deployedGraph();
    if (deployed?.fingerprint === this.graph.fingerprint) return;
    if (deployed !== null && besidesRows(deployed) !== besidesRows(this.graph)) throw this.planChanged(deployed);
    for (const { codec } of this.migrations()) codec.assertMigrates();
  }

  /** Keeps the graph as deployed; {@link assertPlan} comes first. */
  async register(): Promise<void> {
    if (this.deployedGraph()?.fingerprint === this.graph.fingerprint) return;
    await this.storage.documents.put(`deployed/${this.id}`, Buffer.from(JSON.stringify(this.graph)));
  }

  private deployedGraph(): TopologyGraph | null {
    const kept = this.storage.documents.get(`deployed/${this.id}`);
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

/** Everything that makes the operators of a graph, but for the schemas of their rows: a row may have got a field that starts as null. */
function besidesRows({ stages, subtopologies }: TopologyGraph): string {
  const operators = stages.map(({ stores, parameters, fingerprint: _, ...rest }) => ({
    ...rest,
    stores: stores.map(({ name }) => name),
    parameters: JSON.parse(JSON.stringify(parameters, (__, value: unknown) => (value === null ? undefined : value))) as unknown,
  }));
  return canonicalJson({ subtopologies, operators });
}
