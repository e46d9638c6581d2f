/** `skillforge topology plan`. */
import type { Command } from 'commander';
import { describe, type TopologyGraph } from '../../operators/graph.js';
import { Deployment } from '../../runtime/engine/deployment.js';
import type { Storage, TopicSpec } from '../../runtime/ports.js';
import { liveVersion } from '../../runtime/replay/replayState.js';
import { planTopology } from '../topology/plan.js';
import { planAsText } from '../topology/planText.js';
import { registryProblems } from '../topology/registryProblems.js';
import { findTopologyFile, loadTopology } from '../topologyFiles.js';
import { deployedTopologies } from './deployed.js';
import { EXIT } from './exitCodes.js';
import { holdsStorage, readingFolder } from './folder.js';
import { print, printJson } from './output.js';
import { openServers, registryOptionsOf } from './serverOptions.js';
import { toolCommand, type ToolOptions } from './toolAccess.js';

const DESCRIPTION = `Says what a run of a topology would do to the folder, or on Kafka and Redis, and does nothing: which operators and stores changed
since its newest version that ran there, which topics it would create, what its sources must keep. With --registry also whether the
schemas of the topics that it writes can be read side by side with those that are registered, and whether it can read the newest that is registered of each
topic that it reads. Exit code 1 when the plan is refused, such as for a
changed operator under an unchanged version.`;

/** Plans a deployment. */
export function topologyPlanCommand(): Command {
  return toolCommand('plan <topology>', 'say what running a topology would change', DESCRIPTION, [
    'skillforge topology plan item-trends',
    'skillforge topology plan ./topologies/grades.ts --data /var/lib/skillforge',
    'skillforge topology plan item-trends --kafka localhost:9092 --redis redis://localhost:6379 --registry http://localhost:8081',
  ]).action(plan);
}

async function plan(name: string, options: ToolOptions): Promise<void> {
  const topology = await loadTopology(findTopologyFile(name, process.cwd()));
  const there = await lookAround(topology.name, options);
  const deployment = new Deployment(topology, options.region, { documents: { ...there.documents, put: () => Promise.resolve() } });
  const schemaProblems = await registryProblems(deployment, registryOptionsOf(options));
  const planned = planTopology(describe(topology), { region: options.region, ...there, schemaProblems });
  if (options.json) printJson(planned);
  else print(planAsText(planned).trimEnd());
  if (planned.verdict === 'refused') process.exitCode = EXIT.failed;
}

type Documents = Pick<Storage['documents'], 'get' | 'names'>;

interface There {
  readonly documents: Documents;
  readonly deployed: TopologyGraph | null;
  readonly topics: readonly TopicSpec[];
  readonly outputs: number | null;
}

const NOTHING: There = { documents: { get: () => null, names: () => [] }, deployed: null, topics: [], outputs: null };

async function lookAround(topology: string, options: ToolOptions): Promise<There> {
  if (options.kafka !== undefined) {
    const servers = await openServers(options);
    try {
      return targetOf(servers.cluster.documents, await servers.cluster.tools().topics(), topology);
    } finally {
      await servers.close();
    }
  }
  if (!holdsStorage(options.data)) return NOTHING;
  return readingFolder(options.data, ({ documents, log }) => targetOf(copyOf(documents), log.topics(), topology));
}

/** The folder is closed when they are read. */
function copyOf(documents: Documents): Documents {
  const copied = new Map(documents.names('').map((name) => [name, documents.get(name)!]));
  return { get: (name) => copied.get(name) ?? null, names: (prefix) => [...copied.keys()].filter((name) => name.startsWith(prefix)) };
}

function targetOf(documents: Documents, topics: readonly TopicSpec[], topology: string): There {
  const live = liveVersion(documents, topology);
  const found = deployedTopologies({ documents }).find(({ id }) => id === `${topology}@${live?.number}`);
  // What a promoted replay is called here says nothing of its declaration.
  const deployed = found === undefined || live === null ? null : { ...found.graph, version: live.declared };
  return { documents, deployed, topics, outputs: live?.outputs ?? null };
}
