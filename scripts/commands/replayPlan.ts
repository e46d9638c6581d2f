/** `skillforge replay plan`. */
import type { Command } from 'commander';
import type { TopologyGraph } from '../../operators/graph.js';
import type { Topology } from '../../operators/topology.js';
import { Deployment } from '../../runtime/engine/deployment.js';
import { prepareReplay } from '../../runtime/replay/beginning.js';
import type { ReplayPlace } from '../../runtime/replay/replayPlace.js';
import { resultTopics, versionedName, type EventRange, type Replay } from '../../runtime/replay/replayState.js';
import { sourceSizes, type SourceSize } from '../../runtime/replay/sourceSizes.js';
import { changeText, planTopology, type PlanProblem } from '../topology/plan.js';
import { registryProblems } from '../topology/registryProblems.js';
import type { RetentionNeed } from '../topology/retention.js';
import type { StageChange } from '../topology/stageChanges.js';
import type { StoreChange } from '../topology/stateChanges.js';
import { findTopologyFile, loadTopology } from '../topologyFiles.js';
import { EXIT } from './exitCodes.js';
import { bytesText, countText, countedText, print, printJson, secondsText, timeText } from './output.js';
import { rangeOf, withRange, type RangeOptions } from './replayRange.js';
import { positiveNumber } from './options.js';
import { readingReplays, replayId } from './replayPlaces.js';
import { registryOptionsOf } from './serverOptions.js';
import { toolCommand, type ToolOptions } from './toolAccess.js';

/** Records a second that a replay takes when nothing else is said: a fraction of what a machine does. */
export const DEFAULT_RATE = 2_000;

/** What a replay would do. */
export interface ReplayPlan {
  readonly topology: string;
  /** `name@number`. */
  readonly replay: string;
  readonly live: string;
  /** It has begun: a run goes on with it. */
  readonly begun: boolean;
  readonly sources: readonly SourceSize[];
  readonly records: number;
  readonly bytes: number;
  readonly recordsPerSecond: number;
  /** For all records at that rate, by one process; a replay that has begun takes less. */
  readonly estimatedSeconds: number;
  /** `refused` where there is a problem; `incomplete` where the log has lost records that the state may hold: see `reasons`. */
  readonly verdict: 'same-operators' | 'changed-operators' | 'incomplete' | 'refused';
  readonly reasons: readonly string[];
  /** What a schema registry has against the schemas of its topics. */
  readonly problems: readonly PlanProblem[];
  readonly changes: readonly StageChange[];
  readonly stores: readonly StoreChange[];
  /** Of event time; `null` for all. */
  readonly range: EventRange | null;
  /** Logical names, of the live version and of the replay. */
  readonly results: readonly { readonly live: string; readonly shadow: string }[];
}

const DESCRIPTION = `Says what a replay of a topology would do, and does nothing: what it would read, how long that takes, what becomes of the state, and
what it would write. A replay runs the declared version beside the live one, from the beginning of the log, with state and topics of its own. With --registry also
whether the schemas of its topics fit those that are registered, as "topology plan" does; exit code 1 where one does not.`;

/** Plans a replay. */
export function replayPlanCommand(): Command {
  const command = toolCommand('plan <topology>', 'say what a replay would read, take and write', DESCRIPTION, [
    'skillforge replay plan recommendations',
    'skillforge replay plan recommendations --kafka localhost:9092 --redis redis://localhost:6379',
    'skillforge replay plan recommendations --kafka localhost:9092 --redis redis://localhost:6379 --registry http://localhost:8081',
  ]).option('--rate <n>', 'records a second', positiveNumber, DEFAULT_RATE);
  return withRange(command).action(plan);
}

async function plan(name: string, options: ToolOptions & RangeOptions & { readonly rate: number }): Promise<void> {
  const topology = await loadTopology(findTopologyFile(name, process.cwd()));
  const planned = await readingReplays(options, async ({ place }) => {
    const { replay, isNew } = await prepareReplay(place, topology, rangeOf(topology, options));
    const problems = await registryProblems(shadowOf(place, topology, replay), registryOptionsOf(options));
    return planOf(place, replay, { begun: !isNew, recordsPerSecond: options.rate, problems });
  });
  if (options.json) printJson(planned);
  else print(replayPlanText(planned));
  if (planned.verdict === 'refused') process.exitCode = EXIT.failed;
}

const shadowOf = ({ documents, region }: ReplayPlace, topology: Topology, shadow: Replay): Deployment =>
  new Deployment(topology, region, { documents }, { shadow });

async function planOf(
  place: ReplayPlace,
  replay: Replay,
  { begun, recordsPerSecond, problems }: Pick<ReplayPlan, 'begun' | 'recordsPerSecond' | 'problems'>,
): Promise<ReplayPlan> {
  const { graph, against, outputs } = replay;
  const liveId = `${graph.name}@${against.number}`;
  const deployed = JSON.parse(place.documents.get(`deployed/${liveId}`)!.toString()) as TopologyGraph;
  const sources = await sourceSizes(place, graph);
  const { changes, stores, retention } = planTopology(graph, { region: place.region, deployed, topics: [] });
  const records = sources.reduce((total, source) => total + source.records, 0);
  const reasons = sources.flatMap((source) => lossText(source, retention));
  return {
    topology: graph.name,
    replay: replayId(replay),
    live: liveId,
    begun,
    sources,
    records,
    bytes: sources.reduce((total, source) => total + source.bytes, 0),
    recordsPerSecond,
    estimatedSeconds: records / recordsPerSecond,
    verdict: problems.length > 0 ? 'refused' : reasons.length > 0 ? 'incomplete' : changes.length > 0 ? 'changed-operators' : 'same-operators',
    reasons,
    problems,
    changes,
    stores,
    range: replay.range,
    results: resultTopics(graph).map((topic) => ({ live: versionedName(topic, against.outputs), shadow: versionedName(topic, outputs) })),
  };
}

/** Windows forget by themselves what is older than the log must be; state without end does not. */
function lossText({ topic, removed }: SourceSize, needs: readonly RetentionNeed[]): string[] {
  const need = needs.find((one) => one.topic === topic);
  if (removed === 0 || need === undefined || need.endless.length === 0) return [];
  return [`${topic} has lost its first ${countedText(removed, 'record')}; what ${need.endless.join(', ')} took from them cannot be built again`];
}

const VERDICTS: Readonly<Record<ReplayPlan['verdict'], string>> = {
  'same-operators': 'the operators are those of the live version; only functions may differ',
  'changed-operators': 'the operators differ from those of the live version',
  refused: 'refused',
  incomplete: 'the log does not go back far enough for all of the state',
};

const STATES: Readonly<Record<StoreChange['state'], string>> = {
  same: 'rows as in the live version',
  readable: 'rows of another schema, as which those of the live version could be read',
  unreadable: 'rows of another schema',
  new: 'not in the live version',
  removed: 'only in the live version',
};

function rangeText({ fromMs, toMs, readFromMs }: EventRange): string {
  const read = readFromMs === null ? 'streams are taken from their beginning' : `streams are taken from ${timeText(readFromMs)} on`;
  return `only results from ${timeText(fromMs)} to ${timeText(toMs)}; ${read}, and the whole log is looked through`;
}

/** A plan for people. */
export function replayPlanText(planned: ReplayPlan): string {
  const { replay, live, begun, sources, records, bytes, recordsPerSecond, estimatedSeconds, verdict, changes, stores, results, range } = planned;
  const section = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)]);
  const read = sources.map(
    (one) => `${one.topic}: ${countedText(one.partitions, 'partition')}, ${countedText(one.records, 'record')}, about ${bytesText(one.bytes)}`,
  );
  const state = stores.map(
    ({ store, state: kind }) => `${store}: ${kind === 'removed' ? '' : 'starts empty, built again from the log; '}${STATES[kind]}`,
  );
  return [
    `${replay} beside ${live}${begun ? ', which has begun' : ''}: ${VERDICTS[verdict]}`,
    ...(range === null ? [] : [rangeText(range)]),
    ...section('problems', [...planned.problems.map(({ code, message }) => `! ${code}: ${message}`), ...planned.reasons]),
    ...section('reads', read),
    ...section('changes', changes.map(changeText)),
    ...section('state', state),
    ...section(
      'writes',
      results.map((one) => `${one.shadow}, compared with ${one.live}`),
    ),
    `${countedText(records, 'record')}, markers included, about ${bytesText(bytes)}: ${secondsText(estimatedSeconds)} at ${countText(recordsPerSecond)} records a second`,
  ].join('\n');
}
