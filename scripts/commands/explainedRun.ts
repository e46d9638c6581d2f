/** Runs topologies, and says what changed where one is refused because its operators are others than those that ran. */
import { SkillForgeError, errorCodeOf } from '../../schemas/index.js';
import { describe } from '../../operators/graph.js';
import type { Topology } from '../../operators/topology.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { changeText, planTopology, refusedChanges } from '../topology/plan.js';
import { deployedTopologies } from './deployed.js';
import { countText } from './output.js';
import type { ThreadsWanted } from './runThreadMessages.js';
import { runOnThreads } from './threadedRun.js';
import { runTopologies, type RunRequest, type RunSummary } from './topologyRun.js';

/** A run, and the threads that share it out among them; without, it has one. */
export interface ExplainedRequest extends RunRequest {
  readonly threads?: ThreadsWanted | undefined;
}

/** @param planCommand - what to type for the plan of the topology at this place. @throws what {@link runTopologies} and {@link runOnThreads} throw */
export async function explainedRun(
  storage: LocalStorage,
  topologies: readonly Topology[],
  { threads, ...request }: ExplainedRequest,
  planCommand: (at: number) => string,
): Promise<RunSummary> {
  try {
    return await (threads === undefined ? runTopologies(storage, topologies, request) : runOnThreads(threads, topologies, request));
  } catch (error) {
    if (errorCodeOf(error) !== 'SFS_PLAN_CHANGED') throw error;
    throw topologies.map((topology, at) => planChange(storage, topology, planCommand(at), error)).find((one) => one !== null) ?? error;
  }
}

const MOST_SHOWN = 3;

function planChange(storage: LocalStorage, topology: Topology, planCommand: string, cause: unknown): SkillForgeError | null {
  const graph = describe(topology);
  const id = `${graph.name}@${graph.version}`;
  const deployed = deployedTopologies(storage).find((one) => one.id === id)?.graph ?? null;
  const changes = refusedChanges(planTopology(graph, { region: 'none', deployed, topics: [] }));
  if (changes.length === 0) return null;
  const more = changes.length > MOST_SHOWN ? [`and ${countText(changes.length - MOST_SHOWN)} more`] : [];
  const lines = [...changes.slice(0, MOST_SHOWN).map(changeText), ...more].map((line) => `\n  ${line}`);
  return new SkillForgeError(
    'SFS_PLAN_CHANGED',
    `${id} ran here with other operators:${lines.join('')}\nraise its version to ${graph.version + 1}, or undo the change; the whole plan: ${planCommand}`,
    { cause, context: { topology: graph.name, version: graph.version, changes } },
  );
}
