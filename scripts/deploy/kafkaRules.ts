/** Who may do what on Kafka: made of the topologies' own graphs, and of what readers, gateways and tools are known to touch. */
import { WRITTEN_TOPICS } from '../../gateway/index.js';
import type { TopologyGraph } from '../../operators/graph.js';
import { isReadByView } from '../../reader/viewTopics.js';
import { physicalTopicName, topics } from '../../schemas/index.js';

/** What a rule is about, as Kafka calls it. */
export type KafkaResource = 'topic' | 'group' | 'transactional-id';

/** What a rule allows, as Kafka calls it. Reading and writing include to describe. */
export type KafkaOperation = 'Read' | 'Write' | 'Create' | 'Describe' | 'DescribeConfigs' | 'Delete' | 'Alter' | 'AlterConfigs';

/** One thing that a principal may do; what no rule allows is denied. */
export interface KafkaRule {
  /** Such as `User:eu-west.reader`. */
  readonly principal: string;
  readonly resource: KafkaResource;
  readonly name: string;
  readonly pattern: 'literal' | 'prefixed';
  readonly operations: readonly KafkaOperation[];
}

/** Workers that run some topologies under one name. */
export interface WorkerGroup {
  readonly name: string;
  readonly graphs: readonly TopologyGraph[];
}

/** The part of a rule that is not its principal. */
type Grant = Omit<KafkaRule, 'principal'>;

const READING: readonly KafkaOperation[] = ['Read', 'DescribeConfigs'];
const WRITING: readonly KafkaOperation[] = ['Write', 'Create', 'DescribeConfigs'];
const BOTH: readonly KafkaOperation[] = ['Read', ...WRITING];
const TRANSACTIONS: readonly KafkaOperation[] = ['Write', 'Describe'];
const ALL: readonly KafkaOperation[] = ['Read', 'Write', 'Create', 'Describe', 'DescribeConfigs', 'Delete', 'Alter', 'AlterConfigs'];
/** What the client of Kafka calls a reader that is a member of no group: it asks for it all the same. The rest is random. */
const READERS = 'skillforge-reader-';
/** Topics that nobody else may have made when workers start: what is published into them comes later, or never. */
const MAY_BE_MISSING: ReadonlySet<string> = new Set([topics.batchFeatures.name]);
/** Topics that training reads. */
const LEARNT_FROM = [topics.learnerActivity, topics.featureLog, topics.curricula, topics.learnerContexts, topics.profiles];
/** Events that readers take over HTTP. */
const READER_EVENTS = [topics.exposures, topics.feedback];

/** Name of a user of a region, on Kafka and on Redis. */
export const userName = (region: string, role: string): string => `${region}.${role}`;

/** The rules of a region. */
export function kafkaRules(region: string, workers: readonly WorkerGroup[]): KafkaRule[] {
  const rules = new Rules(region);
  for (const worker of workers) for (const graph of worker.graphs) rules.worker(`worker.${worker.name}`, graph);
  rules.reader('reader', []);
  rules.reader('reader-events', READER_EVENTS);
  // Its page shows how far tasks are in all topics, compares replays, and finds what is known of a learner.
  rules.add('reader-console', { resource: 'topic', name: `${region}.`, pattern: 'prefixed', operations: READING });
  rules.gateway();
  rules.trainer();
  rules.add('exporter', { resource: 'topic', name: `${region}.`, pattern: 'prefixed', operations: ['Describe'] });
  rules.add('exporter', { resource: 'group', name: `skillforge.${region}.`, pattern: 'prefixed', operations: ['Describe'] });
  rules.operator();
  return rules.done();
}

class Rules {
  private readonly byPlace = new Map<string, { readonly rule: KafkaRule; readonly operations: Set<KafkaOperation> }>();

  constructor(private readonly region: string) {}

  /** One rule for each place, whatever asked for it. */
  add(role: string, { resource, name, pattern, operations }: Grant): void {
    const principal = `User:${userName(this.region, role)}`;
    const place = [principal, resource, name, pattern].join('\n');
    const known = this.byPlace.get(place) ?? { rule: { principal, resource, name, pattern, operations }, operations: new Set() };
    operations.forEach((operation) => known.operations.add(operation));
    this.byPlace.set(place, known);
    if (resource === 'topic' && operations.includes('Read'))
      this.add(role, { resource: 'group', name: READERS, pattern: 'prefixed', operations: ['Read'] });
  }

  worker(role: string, graph: TopologyGraph): void {
    const { region } = this;
    for (const { inputs, sinks } of graph.subtopologies) {
      for (const { topic, internal } of inputs)
        if (internal === null) this.topic(role, topic, MAY_BE_MISSING.has(topic) ? [...READING, 'Create'] : READING);
      for (const { topic } of sinks) this.result(role, topic);
    }
    // Its own topics, of every version.
    this.add(role, { resource: 'topic', name: physicalTopicName(region, `${graph.name}.v`), pattern: 'prefixed', operations: BOTH });
    this.topic(role, topics.control.name, BOTH);
    this.topic(role, topics.measures.name, READING);
    this.result(role, topics.deadLetters.name);
    this.add(role, { resource: 'group', name: `skillforge.${region}.${graph.name}@`, pattern: 'prefixed', operations: ['Read'] });
    this.add(role, { resource: 'transactional-id', name: `skillforge.${region}.task.${graph.name}.`, pattern: 'prefixed', operations: TRANSACTIONS });
  }

  reader(role: string, written: readonly { readonly name: string }[]): void {
    for (const { name } of Object.values(topics)) if (isReadByView(name)) this.topic(role, name, READING);
    this.add(role, { resource: 'topic', name: this.versions(topics.recommendations.name), pattern: 'prefixed', operations: READING });
    for (const { name } of written) this.topic(role, name, WRITING);
    if (written.length > 0) this.writer(role, 'reader');
  }

  gateway(): void {
    for (const { name } of Object.values(WRITTEN_TOPICS)) this.topic('gateway', name, WRITING);
    // It tells how far requests are.
    this.topic('gateway', topics.rightsOutcomes.name, READING);
    this.writer('gateway', 'gateway');
  }

  /** Of events and their number in one transaction. @param kind - what the names of its writers begin with */
  private writer(role: string, kind: string): void {
    this.topic(role, 'writers', BOTH);
    const name = `skillforge.${this.region}.writer.${kind}`;
    this.add(role, { resource: 'transactional-id', name, pattern: 'prefixed', operations: TRANSACTIONS });
  }

  trainer(): void {
    for (const { name } of LEARNT_FROM) {
      this.topic('trainer', name, READING);
      this.add('trainer', { resource: 'topic', name: this.versions(name), pattern: 'prefixed', operations: READING });
    }
  }

  /** Who replays, erases and repairs: all of the region, and nothing of another. */
  operator(): void {
    const { region } = this;
    this.add('operator', { resource: 'topic', name: `${region}.`, pattern: 'prefixed', operations: ALL });
    this.add('operator', { resource: 'group', name: `skillforge.${region}.`, pattern: 'prefixed', operations: ['Read', 'Describe', 'Delete'] });
    this.add('operator', { resource: 'transactional-id', name: `skillforge.${region}.`, pattern: 'prefixed', operations: TRANSACTIONS });
  }

  done(): KafkaRule[] {
    const rules = [...this.byPlace.values()].map(({ rule, operations }) => ({ ...rule, operations: [...operations].sort() }));
    const textOf = ({ principal, resource, name, pattern }: KafkaRule): string => [principal, resource, name, pattern].join('\n');
    return rules.sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
  }

  private topic(role: string, name: string, operations: readonly KafkaOperation[]): void {
    this.add(role, { resource: 'topic', name: physicalTopicName(this.region, name), pattern: 'literal', operations });
  }

  /** What a topology writes; a replay of it writes the same with its number behind the name. */
  private result(role: string, name: string): void {
    this.topic(role, name, WRITING);
    this.add(role, { resource: 'topic', name: this.versions(name), pattern: 'prefixed', operations: WRITING });
  }

  private versions(name: string): string {
    return physicalTopicName(this.region, `${name}.v`);
  }
}

/** What `kafka-acls.sh` is called with for a rule. */
export function kafkaArguments({ principal, resource, name, pattern, operations }: KafkaRule): string[] {
  const allowed = operations.flatMap((operation) => ['--operation', operation]);
  return ['--add', '--allow-principal', principal, ...allowed, `--${resource}`, name, '--resource-pattern-type', pattern];
}

/** A script that sets the rules: they can be set again. */
export function kafkaScript(region: string, rules: readonly KafkaRule[]): string {
  const head = [
    '#!/bin/sh',
    `# Who may do what on Kafka in region ${region}. Written by "skillforge deploy acls": do not edit.`,
    '# BOOTSTRAP: addresses of the brokers. COMMAND_CONFIG: properties of an administrator. KAFKA_ACLS: the tool, where it is not on the path.',
    'set -eu',
    'acls() { "${KAFKA_ACLS:-kafka-acls.sh}" --bootstrap-server "$BOOTSTRAP" --command-config "$COMMAND_CONFIG" "$@"; }',
  ];
  const lines = rules.map((rule) => ['acls', ...kafkaArguments(rule).map(quoted)].join(' '));
  return `${[...head, ...lines].join('\n')}\n`;
}

/** For a shell: names hold nothing that needs more. */
const quoted = (word: string): string => (/^[A-Za-z0-9_.:=-]+$/.test(word) ? word : `'${word}'`);
