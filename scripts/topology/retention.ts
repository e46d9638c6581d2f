import { subtopologyOf, type GraphSource, type GraphStage, type TopologyGraph } from '../../operators/graph.js';

/** How long a source must keep its records so that the windowed state of a topology can be built again from the log. */
export interface RetentionNeed {
  readonly topic: string;
  /** The source's lateness, and the longest chain of windows, graces and waits behind it, ms. */
  readonly neededMs: number;
  /** `null` keeps for ever, or the last record of each key. */
  readonly keptMs: number | null;
  /** Stages behind it that keep state without end: no retention rebuilds these. */
  readonly endless: readonly string[];
}

/** The need of each topic that a topology reads, internal ones left out, in order of declaration. */
export function retentionNeeds(graph: TopologyGraph): RetentionNeed[] {
  const sources = graph.stages.filter((stage) => stage.inputs.length === 0).map((stage) => sourceOf(graph, stage));
  return sources
    .filter((source) => !source.internal)
    .map((source) => {
      const topic = graph.topics.find((one) => one.name === source.topic)!;
      const reached = reachOf(graph, source.stageId);
      const keptMs = topic.cleanup === 'compact' ? null : topic.retentionMs;
      return { topic: source.topic, neededMs: source.latenessMs + reached.ms, keptMs, endless: [...reached.endless] };
    });
}

function sourceOf(graph: TopologyGraph, stage: GraphStage): GraphSource {
  return subtopologyOf(graph, stage.id).inputs.find((input) => input.stageId === stage.id)!;
}

interface Reach {
  readonly ms: number;
  readonly endless: ReadonlySet<string>;
}

/** The longest way from a stage to its last readers, across internal topics. Graphs have no cycle. */
function reachOf(graph: TopologyGraph, stageId: string): Reach {
  const stage = graph.stages.find((one) => one.id === stageId)!;
  const next = [...readersOf(graph, stageId)].map((reader) => reachOf(graph, reader));
  const own = spanMs(stage);
  const endless = new Set(next.flatMap((reach) => [...reach.endless]));
  if (ENDLESS.has(stage.kind)) endless.add(stage.id);
  return { ms: own + Math.max(0, ...next.map((reach) => reach.ms)), endless };
}

function readersOf(graph: TopologyGraph, stageId: string): ReadonlySet<string> {
  const direct = graph.stages.filter((stage) => stage.inputs.some((input) => input.stage === stageId)).map((stage) => stage.id);
  const across = graph.internalTopics.filter((topic) => topic.writer === stageId).map((topic) => topic.reader);
  return new Set([...direct, ...across]);
}

const ENDLESS: ReadonlySet<string> = new Set(['aggregate', 'reduce', 'reduce-table']);

/** How far back in event time the state of a stage reaches, ms. A session's length has no bound; its gap is the least. */
function spanMs(stage: GraphStage): number {
  const ms = (name: string): number => greatest(stage.parameters[name]);
  switch (stage.kind) {
    case 'window':
      return ms('sizesMs') + ms('graceMs');
    case 'sliding':
      return ms('sizeMs') + ms('graceMs');
    case 'sessions':
      return ms('gapMs') + ms('graceMs');
    case 'join-interval':
      return ms('beforeMs') + ms('afterMs');
    case 'join-as-of':
      return ms('lagMs');
    case 'dedupe':
      return ms('withinMs');
    case 'debounce':
      return ms('intervalMs');
    case 'timer':
      return ms('forMs');
    default:
      return 0;
  }
}

function greatest(value: unknown): number {
  const numbers = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'number');
  return Math.max(0, ...numbers);
}
