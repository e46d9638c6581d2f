/** Moves readers from one version of a topology to another, and back, and deletes the one that lost. */
import { SkillForgeError, controlKey, physicalTopicName, topics, type Control, type TopicCodec } from '../../schemas/index.js';
import type { TopologyGraph } from '../../operators/graph.js';
import type { OutputRecord } from '../ports.js';
import { registeredCodec } from '../registeredCodec.js';
import { keepReplay } from './beginning.js';
import { recordsBehind, taskNames } from './positions.js';
import type { ReplayPlace, ReplayView } from './replayPlace.js';
import {
  keepReplayState,
  liveVersion,
  replayState,
  resultTopics,
  shadowedTopics,
  versionedName,
  type LiveVersion,
  type Replay,
} from './replayState.js';

/** How to promote. */
export interface PromotionRequest {
  /** Records that the replay may be behind the live version. */
  readonly mostBehind: number;
  /** Promotes a replay that is further behind, or that never was at the end. */
  readonly force: boolean;
  /** For the pointer record, ms since epoch. */
  readonly nowMs: number;
}

/** What a promotion, or its undoing, did. */
export interface Promotion {
  readonly from: LiveVersion;
  readonly to: LiveVersion;
  /** Logical names: readers of the first are served from the second. */
  readonly pointers: readonly { readonly topic: string; readonly serve: string }[];
}

/** The replay of a topology. @throws SFS_REPLAY_NOTHING where there is none */
export function currentReplay({ documents }: Pick<ReplayView, 'documents'>, topology: string): Replay {
  const { replay } = replayState(documents, topology);
  if (replay !== null) return replay;
  throw new SkillForgeError('SFS_REPLAY_NOTHING', `there is no replay of ${topology} here; "replay run ${topology}" begins one`, {
    context: { topology },
  });
}

/**
 * Makes the replay the live version. The pointer comes first: a crash behind it leaves a promotion that the same call completes.
 * @throws SFS_REPLAY_NOTHING; SFS_REPLAY_BEHIND; SFS_REPLAY_READ when a topology reads its results; SFS_REPLAY_BESIDE when another version is
 * live by now
 */
export async function promote(place: ReplayPlace, topology: string, request: PromotionRequest): Promise<Promotion> {
  const replay = currentReplay(place, topology);
  await assertCanPromote(place, replay, request);
  const { number, declared, outputs, against, graph } = replay;
  const to: LiveVersion = { number, declared, outputs };
  const pointers = await point(place, graph, to, request.nowMs);
  await keepReplay(place, topology, { ...replay, status: 'promoted' }, to);
  await place.documents.put(`deployed/${graph.name}@${number}`, Buffer.from(JSON.stringify(graph)));
  return { from: against, to, pointers };
}

/** @throws SFS_REPLAY_BEHIND, SFS_REPLAY_READ, SFS_REPLAY_BESIDE */
export async function assertCanPromote(place: ReplayPlace, replay: Replay, request: PromotionRequest): Promise<void> {
  if (replay.status === 'dropping') throw unfinishedDrop(replay);
  assertStillAgainst(place, replay);
  if (!request.force) await assertCaughtUp(place, replay, request.mostBehind);
  assertNotRead(place, replay.graph);
}

/** Makes the version live again that was before. @throws SFS_REPLAY_NOTHING where no replay is promoted, or what it replaced is dropped */
export async function undoPromotion(place: ReplayPlace, topology: string, nowMs: number): Promise<Promotion> {
  const replay = currentReplay(place, topology);
  const { number, declared, outputs, against, graph, status } = replay;
  if (status !== 'promoted')
    throw new SkillForgeError('SFS_REPLAY_NOTHING', `replay ${number} of ${topology} is not promoted: there is nothing to undo`, {
      context: { topology },
    });
  const pointers = await point(place, graph, against, nowMs);
  await keepReplay(place, topology, { ...replay, status: 'caught-up' }, against);
  return { from: { number, declared, outputs }, to: against, pointers };
}

/** What a drop deletes. */
export interface DropPlan {
  readonly replay: Replay;
  /** The version that lost: the replay, or what it replaced. */
  readonly loser: LiveVersion;
  /** Physical names. */
  readonly topics: readonly string[];
  readonly tasks: readonly string[];
}

/** What a drop would delete; changes nothing. @throws SFS_REPLAY_NOTHING */
export async function planDrop(place: ReplayPlace, topology: string): Promise<DropPlan> {
  const replay = currentReplay(place, topology);
  const { live } = replayState(place.documents, topology);
  const isPromoted = live?.number === replay.number;
  const loser: LiveVersion = isPromoted ? replay.against : replay;
  const graph = isPromoted ? deployedGraph(place, topology, loser.number) : replay.graph;
  // What failed in the replay before it was live is nobody's.
  const failures = isPromoted ? shadowOnly(replay) : [];
  const results = isPromoted ? resultTopics(graph) : shadowedTopics(graph);
  const names = [...results.map((name) => versionedName(name, loser.outputs)), ...graph.internalTopics.map(({ name }) => name), ...failures];
  const physical = names.map((name) => physicalTopicName(place.region, name));
  const there = new Set((await place.tools.topics()).map(({ name }) => name));
  return { replay, loser, topics: physical.filter((name) => there.has(name)), tasks: taskNames(graph) };
}

/** Deletes topics, state and group of the version that lost; called again after a crash, deletes what is left. @throws SFS_REPLAY_RUNNING */
export async function drop(place: ReplayPlace, topology: string): Promise<DropPlan> {
  const plan = await planDrop(place, topology);
  const version = `${topology}@${plan.loser.number}`;
  await place.assertIdle(version);
  await keepReplay(place, topology, { ...plan.replay, status: 'dropping' });
  await place.remove(plan, version);
  await keepReplayState(place.documents, topology, { ...replayState(place.documents, topology), replay: null });
  return plan;
}

/** Its own dead letters and late events: those of a live version are in the common topics. */
const shadowOnly = ({ graph, outputs }: Replay): string[] =>
  shadowedTopics(graph)
    .filter((name) => !resultTopics(graph).includes(name))
    .map((name) => versionedName(name, outputs));

async function point(place: ReplayPlace, graph: TopologyGraph, to: LiveVersion, nowMs: number): Promise<Promotion['pointers']> {
  const pointers = resultTopics(graph).map((topic) => ({ topic, serve: versionedName(topic, to.outputs) }));
  const codec = await registeredCodec(place.tools.schemas, place.region, topics.control);
  const version = { region: place.region, topology: graph.name, topologyVersion: to.number };
  await place.append(pointers.map((pointer) => pointerRecord(codec, version, pointer, nowMs)));
  return pointers;
}

function pointerRecord(
  codec: TopicCodec<Control>,
  version: Pick<Control, 'region' | 'topology' | 'topologyVersion'>,
  pointer: Promotion['pointers'][number],
  nowMs: number,
): OutputRecord {
  const id = controlKey(`pointer ${pointer.topic} ${pointer.serve} ${nowMs}`);
  const fields = { subtopology: null, partition: null, channel: null, position: null, clockMs: null };
  const control: Control = { id, kind: 'POINTER', madeAtMs: nowMs, ...version, ...fields, payload: JSON.stringify(pointer) };
  return {
    topic: physicalTopicName(version.region, topics.control.name),
    partition: 0,
    key: Buffer.from(id),
    value: codec.encode(id, control),
    header: null,
  };
}

async function assertCaughtUp(place: ReplayPlace, { graph, against, status, number, range }: Replay, mostBehind: number): Promise<void> {
  const refused = (what: string): SkillForgeError =>
    new SkillForgeError('SFS_REPLAY_BEHIND', `replay ${number} of ${graph.name} ${what}: go on with "replay run", or use --force`, {
      context: { topology: graph.name, number },
    });
  if (status === 'running') throw refused('has not been at the end of the log yet');
  // A range is over: the live version is ahead of it as a rule.
  if (range !== null) return;
  const behind = await recordsBehind(place, graph, deployedGraph(place, graph.name, against.number));
  if (behind > mostBehind) throw refused(`is ${behind} records behind the live version`);
}

/** A raised version that ran meanwhile is what is served now. */
function assertStillAgainst({ documents }: ReplayPlace, { graph, number, against, status }: Replay): void {
  const live = liveVersion(documents, graph.name)!;
  if (status === 'promoted' || live.number === against.number) return;
  throw new SkillForgeError(
    'SFS_REPLAY_BESIDE',
    `replay ${number} of ${graph.name} began beside version ${against.number}, and ${live.number} is live by now: drop it, and begin another`,
    { context: { topology: graph.name, number, live: live.number } },
  );
}

/** Topologies do not follow pointers: in the middle of their input another version would come. */
function assertNotRead({ documents }: ReplayPlace, graph: TopologyGraph): void {
  const results = new Set(resultTopics(graph));
  for (const name of new Set(documents.names('deployed/').map((document) => document.slice('deployed/'.length).split('@')[0]!))) {
    if (name === graph.name) continue;
    const kept = documents.get(`deployed/${name}@${liveVersion(documents, name)!.number}`);
    const inputs = kept === null ? [] : (JSON.parse(kept.toString()) as TopologyGraph).subtopologies.flatMap((one) => one.inputs);
    const read = inputs.find(({ topic }) => results.has(topic));
    if (read === undefined) continue;
    throw new SkillForgeError('SFS_REPLAY_READ', `topology ${name} reads ${read.topic}: topologies do not follow pointers, only readers do`, {
      context: { topology: graph.name, reader: name, topic: read.topic },
    });
  }
}

function deployedGraph({ documents }: ReplayPlace, topology: string, number: number): TopologyGraph {
  return JSON.parse(documents.get(`deployed/${topology}@${number}`)!.toString()) as TopologyGraph;
}

const unfinishedDrop = ({ graph, number }: Replay): SkillForgeError =>
  new SkillForgeError('SFS_REPLAY_BESIDE', `the drop beside replay ${number} of ${graph.name} is not finished: drop it again`, {
    context: { topology: graph.name, number },
  });
