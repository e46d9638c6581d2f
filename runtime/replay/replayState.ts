/** What a region knows of the versions of a topology beyond what is declared: which one is live, and which one is a replay. */
import { topics } from '../../schemas/index.js';
import type { TopologyGraph } from '../../operators/graph.js';
import type { Storage } from '../ports.js';

/** A version whose results are served. */
export interface LiveVersion {
  /** By which its state, group and internal topics are named. */
  readonly number: number;
  /** The version that its file declared. */
  readonly declared: number;
  /** Its results are in topics that end in `.vN` for this N; `null` for those without such an end. */
  readonly outputs: number | null;
}

/** A part of event time, ms since epoch: `[fromMs, toMs)`. */
export interface EventRange {
  readonly fromMs: number;
  readonly toMs: number;
  /** Streams are taken from here on, so that windows that reach into the range are whole; `null` takes them from their beginning. */
  readonly readFromMs: number | null;
}

/** Offsets by physical topic name and partition number. */
export type SourceEnds = Readonly<Record<string, readonly number[]>>;

/** How far a replay is: `running` until it was at the end once; `dropping` while the version that lost is deleted. */
export type ReplayStatus = 'running' | 'caught-up' | 'promoted' | 'dropping';

/** A version that runs beside the live one. */
export interface Replay extends LiveVersion {
  readonly outputs: number;
  readonly status: ReplayStatus;
  readonly graph: TopologyGraph;
  /** What was live when it began: what it is compared with, and what is live again when it is undone. */
  readonly against: LiveVersion;
  /** Where the control topic ended when it began: decisions of the live version before it are applied again. */
  readonly controlEnd: number;
  /** Only a part is replayed: the results of this time take the place of the live ones. `null` for all. */
  readonly range: EventRange | null;
  /** Of a range: where the partitions of each source ended when it began, by physical topic name. What came later is not taken. */
  readonly ends?: SourceEnds;
}

/** The document of a topology. */
export interface ReplayState {
  /** The greatest number that was given to a replay: no number is given twice. */
  readonly lastNumber: number;
  /** `null` as long as no replay was promoted: then the newest version that ran is live, under its own number. */
  readonly live: LiveVersion | null;
  /** Kept until the version that loses is dropped; `null` for none. */
  readonly replay: Replay | null;
}

const NONE: ReplayState = { lastNumber: 0, live: null, replay: null };

const documentOf = (topology: string): string => `replays/${topology}`;

/** The state of a topology's replays. */
export function replayState(documents: Pick<Storage['documents'], 'get'>, topology: string): ReplayState {
  const kept = documents.get(documentOf(topology));
  return kept === null ? NONE : (JSON.parse(kept.toString()) as ReplayState);
}

/** Keeps it. */
export function keepReplayState(documents: Storage['documents'], topology: string, state: ReplayState): Promise<void> {
  return documents.put(documentOf(topology), Buffer.from(JSON.stringify(state)));
}

/** Whether a replay has tasks and topics of its own that nobody is served from. */
export const isBeside = (replay: Replay | null): replay is Replay => replay?.status === 'running' || replay?.status === 'caught-up';

/** The newest version that ran, 0 for none. A promoted replay ran, too: with a state, ask for its live version first. */
export function newestDeployed(documents: Pick<Storage['documents'], 'names'>, topology: string): number {
  const prefix = `deployed/${topology}@`;
  return Math.max(0, ...documents.names(prefix).map((name) => Number(name.slice(prefix.length))));
}

/** The version that is live; `null` for a topology that never ran. */
export function liveVersion(documents: Pick<Storage['documents'], 'get' | 'names'>, topology: string): LiveVersion | null {
  const { live } = replayState(documents, topology);
  if (live !== null) return live;
  const number = newestDeployed(documents, topology);
  return number === 0 ? null : { number, declared: number, outputs: null };
}

/** Where several topologies write side by side: a promoted version writes to the common one. */
const INCIDENTS: readonly string[] = [topics.deadLetters.name, topics.lateEvents.name];

/** Logical names of the topics that a topology writes for others to read, in order of declaration; each version may have its own. */
export function resultTopics(graph: TopologyGraph): string[] {
  const sinks = graph.subtopologies.flatMap(({ sinks: written }) => written.map(({ topic }) => topic));
  return [...new Set(sinks)].filter((name) => !INCIDENTS.includes(name));
}

/** Logical name of a topic in a version. */
export const versionedName = (topic: string, outputs: number | null): string => (outputs === null ? topic : `${topic}.v${outputs}`);

/** Every topic of which a version that is not live has its own: its failures are nobody's yet. */
export const shadowedTopics = (graph: TopologyGraph): string[] => [...resultTopics(graph), ...INCIDENTS];

/**
 * Logical name of the topic in which the results of what is live are: a promoted version has topics of its own.
 * @param topic - its name in the catalogue
 */
export function liveTopic(documents: Pick<Storage['documents'], 'get' | 'names'>, topic: string): string {
  for (const document of documents.names('replays/')) {
    const topology = document.slice('replays/'.length);
    const live = liveVersion(documents, topology);
    const kept = live === null ? null : documents.get(`deployed/${topology}@${live.number}`);
    if (kept !== null && resultTopics(JSON.parse(kept.toString()) as TopologyGraph).includes(topic)) return versionedName(topic, live!.outputs);
  }
  return topic;
}
