import { canonicalJson, type GraphStage, type Json, type TopologyGraph } from '../../operators/graph.js';

/** One thing in which two declarations of a stage differ; `null` where one has nothing. */
export interface Difference {
  /** Such as `sizesMs`, `aggregates.clicks.aggregate`, `inputs`, `store trend/panes`, `partitions`. */
  readonly parameter: string;
  readonly from: Json;
  readonly to: Json;
}

/** What became of a stage since it was deployed. */
export interface StageChange {
  readonly stage: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Empty for stages added or removed. */
  readonly differences: readonly Difference[];
}

/** Every stage that differs: those of `next` in order of declaration, then the removed ones. */
export function stageChanges(deployed: TopologyGraph, next: TopologyGraph): StageChange[] {
  const [before, after] = [comparables(deployed), comparables(next)];
  const present = [...after].flatMap(([stage, to]): StageChange[] => {
    const from = before.get(stage);
    if (from === undefined) return [{ stage, change: 'added', differences: [] }];
    const differences = differencesOf(from, to);
    return differences.length === 0 ? [] : [{ stage, change: 'changed', differences }];
  });
  const removed = [...before.keys()].filter((stage) => !after.has(stage));
  return [...present, ...removed.map((stage): StageChange => ({ stage, change: 'removed', differences: [] }))];
}

type Comparable = { readonly [name: string]: Json };

function comparables(graph: TopologyGraph): ReadonlyMap<string, Comparable> {
  return new Map(graph.stages.map((stage) => [stage.id, comparable(graph, stage)]));
}

/** What `plan` compares, under the names that it reports. The name of an internal topic holds the version, so it is left out. */
function comparable(graph: TopologyGraph, stage: GraphStage): Comparable {
  const input = graph.subtopologies.flatMap((one) => one.inputs).find((one) => one.stageId === stage.id);
  const { topic, ...parameters } = stage.parameters;
  return {
    kind: stage.kind,
    ...parameters,
    ...(topic === undefined || input?.internal ? {} : { topic }),
    inputs: stage.inputs.map((one) => inputText(graph, one)),
    ports: stage.ports,
    ...(input ? { partitions: input.partitions } : {}),
    ...Object.fromEntries(stage.stores.map((store) => [`store ${store.name}`, canonicalJson(store.schema)])),
  };
}

/** Such as `clicks`, `clicks[late]`, `clicks + 2 RxJS operators`. */
function inputText(graph: TopologyGraph, input: GraphStage['inputs'][number]): string {
  const port = graph.stages.find((stage) => stage.id === input.stage)?.ports[input.port] ?? String(input.port);
  const through = input.through === 0 ? '' : ` + ${input.through} RxJS operator${input.through === 1 ? '' : 's'}`;
  return `${input.stage}${port === 'out' ? '' : `[${port}]`}${through}`;
}

function differencesOf(from: Comparable, to: Comparable, path = ''): Difference[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return names.flatMap((name) => differenceAt(from[name] ?? null, to[name] ?? null, path === '' ? name : `${path}.${name}`));
}

function differenceAt(from: Json, to: Json, parameter: string): Difference[] {
  if (canonicalJson(from) === canonicalJson(to)) return [];
  if (isPlain(from) && isPlain(to)) return differencesOf(from, to, parameter);
  return [{ parameter, from, to }];
}

const isPlain = (value: Json): value is Comparable => typeof value === 'object' && value !== null && !Array.isArray(value);
