/** Begins a replay, or finds the one to go on with. */
import { SkillForgeError, physicalTopicName, topics } from '../../schemas/index.js';
import { describe, type TopologyGraph } from '../../operators/graph.js';
import { numbered, type Topology } from '../../operators/topology.js';
import type { ReplayPlace } from './replayPlace.js';
import {
  isBeside,
  keepReplayState,
  liveVersion,
  newestDeployed,
  replayState,
  type EventRange,
  type LiveVersion,
  type Replay,
  type SourceEnds,
} from './replayState.js';

/** A replay as it would begin, or as it goes on. */
export interface PreparedReplay {
  readonly replay: Replay;
  /** It has not begun yet. */
  readonly isNew: boolean;
}

/**
 * The replay that a run of the topology begins or goes on with; changes nothing.
 * @throws SFS_REPLAY_NOTHING for a topology that never ran; SFS_REPLAY_BESIDE when another replay of it has not been dropped yet
 */
export async function prepareReplay(place: ReplayPlace, topology: Topology, range: EventRange | null = null): Promise<PreparedReplay> {
  const { documents, region, tools } = place;
  const { name } = topology;
  const live = liveVersion(documents, name);
  if (live === null) {
    throw new SkillForgeError('SFS_REPLAY_NOTHING', `${name} has not run here: there is nothing that a replay could stand beside`, {
      context: { topology: name },
    });
  }
  const { replay, lastNumber } = replayState(documents, name);
  const number = replay?.number ?? nextNumber(topology, Math.max(live.number, newestDeployed(documents, name), lastNumber));
  const graph = describe(numbered(topology, number));
  if (replay !== null) {
    assertSame(replay, { declared: topology.version, fingerprint: graph.fingerprint, range });
    return { replay, isNew: false };
  }
  const control = physicalTopicName(region, topics.control.name);
  const exists = (await tools.topics()).some((topic) => topic.name === control);
  const controlEnd = exists ? (await tools.ranges(control))[0]!.end : 0;
  const fresh: Replay = { number, declared: topology.version, outputs: number, status: 'running', graph, against: live, controlEnd, range };
  return { replay: range === null ? fresh : { ...fresh, ends: await sourceEnds(place, graph) }, isNew: true };
}

/** As {@link prepareReplay}, and keeps it: from now on its number is given. */
export async function beginReplay(place: ReplayPlace, topology: Topology, range: EventRange | null = null): Promise<Replay> {
  const { replay, isNew } = await prepareReplay(place, topology, range);
  if (isNew) await keepReplay(place, topology.name, replay);
  return replay;
}

/** Keeps what changed of a replay. */
export async function keepReplay({ documents }: ReplayPlace, topology: string, replay: Replay, live?: LiveVersion): Promise<void> {
  const state = replayState(documents, topology);
  const lastNumber = Math.max(state.lastNumber, replay.number);
  await keepReplayState(documents, topology, { lastNumber, live: live ?? state.live, replay });
}

/** Where the topics of others end now that a topology reads; one that does not exist is empty. */
async function sourceEnds({ tools, region }: ReplayPlace, graph: TopologyGraph): Promise<SourceEnds> {
  const there = new Set((await tools.topics()).map(({ name }) => name));
  const inputs = graph.subtopologies.flatMap((one) => one.inputs).filter(({ internal }) => internal === null);
  const ends: Record<string, readonly number[]> = {};
  for (const name of new Set(inputs.map(({ topic }) => physicalTopicName(region, topic))))
    ends[name] = there.has(name) ? (await tools.ranges(name)).map(({ end }) => end) : [];
  return ends;
}

/** The declared version where it is a new one. */
const nextNumber = ({ version }: Topology, given: number): number => (version > given ? version : given + 1);

function assertSame(replay: Replay, wanted: { readonly declared: number; readonly fingerprint: string; readonly range: EventRange | null }): void {
  const { number, declared, graph, range, status } = replay;
  const refused = (what: string): SkillForgeError =>
    new SkillForgeError('SFS_REPLAY_BESIDE', `replay ${number} of ${graph.name} ${what}`, { context: { topology: graph.name, number, status } });
  if (!isBeside(replay)) throw refused(`is ${status === 'promoted' ? 'promoted, and what it replaced is kept' : 'being dropped'}: drop that first`);
  const isSame = declared === wanted.declared && graph.fingerprint === wanted.fingerprint;
  if (!isSame) throw refused('is of another declaration of it: drop it first');
  if (JSON.stringify(range) !== JSON.stringify(wanted.range)) throw refused('is of another range of time: give the same, or drop it first');
}
