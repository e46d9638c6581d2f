import { canonicalJson, taskCount, type Json, type TopologyGraph } from '../../operators/graph.js';
import { durationText } from '../../operators/graphText.js';
import type { TopicSpec } from '../../runtime/ports.js';
import { resultTopics, versionedName } from '../../runtime/replay/replayState.js';
import { physicalTopicName, SkillForgeError, type ErrorCode } from '../../schemas/index.js';
import { retentionNeeds, type RetentionNeed } from './retention.js';
import { stageChanges, type Difference, type StageChange } from './stageChanges.js';
import { spanText } from './spanText.js';
import { storeChanges, type StoreChange } from './stateChanges.js';

/** What a deployment of a topology would do. Nothing has been done yet. */
export interface Plan {
  readonly topology: string;
  readonly version: number;
  /** `null` where the topology is not deployed. */
  readonly deployedVersion: number | null;
  /** `refused` where there is a problem. */
  readonly verdict: 'new' | 'unchanged' | 'version-raised' | 'refused';
  readonly changes: readonly StageChange[];
  readonly stores: readonly StoreChange[];
  readonly topics: readonly TopicPlan[];
  readonly retention: readonly RetentionNeed[];
  /** Tasks that will run. */
  readonly tasks: number;
  readonly problems: readonly PlanProblem[];
  readonly warnings: readonly string[];
}

/** A topic of the broker, under its physical name. */
export interface TopicPlan {
  readonly spec: TopicSpec;
  readonly action: 'create' | 'keep' | 'mismatch';
  /** From what the broker has to what the topology needs. */
  readonly differences: readonly Difference[];
}

/** Why a plan is refused. */
export interface PlanProblem {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Where a topology is to be deployed. */
export interface PlanTarget {
  readonly region: string;
  /** Graph of the version that runs now; `null` for none. */
  readonly deployed: TopologyGraph | null;
  /** Topics that exist, under their physical names. */
  readonly topics: readonly TopicSpec[];
  /** The live version writes topics whose names end in `.vN` for this N; `null`, or left out, for those without such an end. */
  readonly outputs?: number | null;
  /** What a schema registry has against the schemas of its topics. */
  readonly schemaProblems?: readonly PlanProblem[];
}

/**
 * Compares a topology with what is deployed and what the broker has.
 * A changed stage needs a raised version: state and outputs of one version come from one declaration. Rows of another schema do not,
 * as long as the older ones can be migrated.
 *
 * Problems: SFS_PLAN_REFUSED, SFS_TOPIC_MISMATCH, and those that the target brings.
 * @throws SFS_REGION_INVALID
 */
export function planTopology(graph: TopologyGraph, target: PlanTarget): Plan {
  const { deployed } = target;
  const changes = deployed ? stageChanges(deployed, graph) : [];
  const topics = topicPlans(graph, target);
  const retention = retentionNeeds(graph);
  const stores = storeChanges(deployed ?? { ...graph, stages: [] }, graph, changes);
  const problems = [
    ...(deployed ? versionProblems(deployed, graph, changes, stores) : []),
    ...topics.flatMap(topicProblems),
    ...(target.schemaProblems ?? []),
  ];
  return {
    topology: graph.name,
    version: graph.version,
    deployedVersion: deployed?.version ?? null,
    verdict: problems.length > 0 ? 'refused' : verdictOf(graph, deployed),
    changes,
    stores,
    topics,
    retention,
    tasks: taskCount(graph),
    problems,
    warnings: [
      ...graph.warnings,
      ...warningsOf(graph, deployed, changes),
      ...retention.flatMap(retentionWarnings),
      ...tableWarnings(graph),
      ...streamWarnings(graph),
    ],
  };
}

/** @throws the first problem of a refused plan */
export function assertPlanAccepted(plan: Plan): void {
  const [problem] = plan.problems;
  if (problem === undefined) return;
  throw new SkillForgeError(problem.code, plan.problems.map((one) => one.message).join('\n'), {
    context: { topology: plan.topology, problems: plan.problems },
  });
}

function verdictOf(graph: TopologyGraph, deployed: TopologyGraph | null): Plan['verdict'] {
  if (deployed === null) return 'new';
  return deployed.version === graph.version ? 'unchanged' : 'version-raised';
}

function versionProblems(
  deployed: TopologyGraph,
  graph: TopologyGraph,
  changes: readonly StageChange[],
  stores: readonly StoreChange[],
): PlanProblem[] {
  const { name, version } = graph;
  const refused = (message: string): PlanProblem => ({ code: 'SFS_PLAN_REFUSED', message });
  if (deployed.name !== name) return [refused(`${name} is compared with ${deployed.name}: these are two topologies`)];
  if (version < deployed.version)
    return [
      refused(
        `version ${version} of ${name} is older than the deployed ${deployed.version}; to go back, declare it as version ${deployed.version + 1}`,
      ),
    ];
  if (version > deployed.version) return [];
  return operatorChanges(changes, stores).map((one) =>
    refused(`${changeText(one)}, but the version of ${name} is still ${version}; raise it to ${version + 1}, or undo the change`),
  );
}

/** The changes that need a raised version. */
export const refusedChanges = ({ changes, stores }: Plan): StageChange[] => operatorChanges(changes, stores);

const operatorChanges = (changes: readonly StageChange[], stores: readonly StoreChange[]): StageChange[] =>
  changes.filter((one) => !isMigration(one, stores));

/** True where nothing changed but rows, and the older ones are migrated when they are read. */
function isMigration({ change, differences }: StageChange, stores: readonly StoreChange[]): boolean {
  const readable = new Set(stores.filter(({ state }) => state === 'readable').map(({ store }) => `store ${store}`));
  return change === 'changed' && differences.every(({ parameter }) => readable.has(parameter));
}

/** Such as `stage "trend": advanceMs was 1 d, now 2 d`. */
export function changeText(change: StageChange): string {
  if (change.change !== 'changed') return `stage "${change.stage}" was ${change.change}`;
  return `stage "${change.stage}": ${change.differences.map(differenceText).join('; ')}`;
}

/** A difference in words. */
export function differenceText(difference: Difference): string {
  const { parameter, from, to } = difference;
  if (parameter.startsWith('store ') && from !== null && to !== null) return `the schema of ${parameter} changed`;
  return `${parameter} was ${valueText(parameter, from)}, now ${valueText(parameter, to)}`;
}

function valueText(parameter: string, value: Json): string {
  if (value === null) return 'absent';
  if (typeof value === 'number' && parameter.endsWith('Ms')) return durationText(value);
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.length > 0
    ? (value as readonly Json[]).map((one) => valueText(parameter, one)).join(' and ')
    : canonicalJson(value);
}

function topicPlans(graph: TopologyGraph, target: PlanTarget): TopicPlan[] {
  const existing = new Map(target.topics.map((spec) => [spec.name, spec]));
  const results = new Set(resultTopics(graph));
  return graph.topics.map(({ name: logical, partitions, cleanup, retentionMs }) => {
    const name = results.has(logical) ? versionedName(logical, target.outputs ?? null) : logical;
    const spec: TopicSpec = { name: physicalTopicName(target.region, name), partitions, cleanup, retentionMs };
    const found = existing.get(spec.name);
    if (found === undefined) return { spec, action: 'create', differences: [] };
    const differences = (['partitions', 'cleanup', 'retentionMs'] as const)
      .filter((parameter) => found[parameter] !== spec[parameter])
      .map((parameter) => ({ parameter, from: found[parameter], to: spec[parameter] }));
    return { spec, action: differences.length === 0 ? 'keep' : 'mismatch', differences };
  });
}

function topicProblems({ spec, action, differences }: TopicPlan): PlanProblem[] {
  if (action !== 'mismatch') return [];
  const described = differences
    .map(({ parameter, from, to }) => `${parameter} is ${settingText(parameter, from)}, needed ${settingText(parameter, to)}`)
    .join('; ');
  return [
    { code: 'SFS_TOPIC_MISMATCH', message: `topic ${spec.name} exists with other settings: ${described}; change the topic, or its declaration` },
  ];
}

const settingText = (parameter: string, value: Json): string => (value === null ? 'for ever' : valueText(parameter, value));

function warningsOf(graph: TopologyGraph, deployed: TopologyGraph | null, changes: readonly StageChange[]): string[] {
  if (deployed === null || deployed.version === graph.version || changes.length > 0) return [];
  return [
    `version ${graph.version} of ${graph.name} declares what version ${deployed.version} does; only functions, which plan cannot compare, may differ`,
  ];
}

function retentionWarnings({ topic, neededMs, keptMs }: RetentionNeed): string[] {
  if (keptMs === null || keptMs >= neededMs) return [];
  return [
    `topic ${topic} keeps records for ${spanText(keptMs)}, but state reaches back ${spanText(neededMs)}: it cannot be built again from the log; keep records longer`,
  ];
}

function tableWarnings(graph: TopologyGraph): string[] {
  const tables = graph.stages.filter((stage) => stage.kind === 'table' || stage.kind === 'global-table');
  return tables.flatMap((stage) => {
    const topic = graph.topics.find((one) => one.name === stage.topic)!;
    if (topic.cleanup === 'compact' || topic.retentionMs === null) return [];
    return [
      `table "${stage.id}" reads a topic that deletes after ${durationText(topic.retentionMs)}: a table built again has lost the older rows; compact the topic`,
    ];
  });
}

/** A table wants the last row of each key; a stream, every record. */
function streamWarnings(graph: TopologyGraph): string[] {
  const sources = graph.stages.filter((stage) => stage.kind === 'source');
  return sources.flatMap((stage) => {
    const { name, cleanup } = graph.topics.find((one) => one.name === stage.topic)!;
    if (cleanup !== 'compact') return [];
    return [
      `source "${stage.id}" reads every record of ${name}, which is compacted: a slow run, or one that starts anew, sees only the last of each key; read it as a table, or let the topic delete`,
    ];
  });
}
