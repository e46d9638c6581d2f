/** `skillforge topology plan`. */
import type { Command } from 'commander';
import { describe, type TopologyGraph } from '../../operators/graph.js';
import type { LocalStorage, TopicSpec } from '../../runtime/ports.js';
import { planTopology } from '../topology/plan.js';
import { planAsText } from '../topology/planText.js';
import { findTopologyFile, loadTopology } from '../topologyFiles.js';
import { deployedTopologies } from './deployed.js';
import { EXIT } from './exitCodes.js';
import { holdsStorage, readingFolder } from './folder.js';
import { folderCommand, type FolderOptions } from './options.js';
import { print, printJson } from './output.js';

const DESCRIPTION = `Says what a run of a topology would do to the folder, and does nothing: which operators and stores changed since its newest
version that ran there, which topics it would create, what its sources must keep. Exit code 1 when the plan is refused, such as for a
changed operator under an unchanged version.`;

/** Plans a deployment. */
export function topologyPlanCommand(): Command {
  return folderCommand('plan <topology>', 'say what running a topology would change', DESCRIPTION, [
    'skillforge topology plan item-trends',
    'skillforge topology plan ./topologies/grades.ts --data /var/lib/skillforge',
  ]).action(plan);
}

async function plan(name: string, options: FolderOptions): Promise<void> {
  const graph = describe(await loadTopology(findTopologyFile(name, process.cwd())));
  const there = holdsStorage(options.data) ? await readingFolder(options.data, (storage) => targetOf(storage, graph.name)) : NOTHING;
  const planned = planTopology(graph, { region: options.region, ...there });
  if (options.json) printJson(planned);
  else print(planAsText(planned).trimEnd());
  if (planned.verdict === 'refused') process.exitCode = EXIT.failed;
}

interface There {
  readonly deployed: TopologyGraph | null;
  readonly topics: readonly TopicSpec[];
}

const NOTHING: There = { deployed: null, topics: [] };

function targetOf(storage: LocalStorage, topology: string): There {
  const newest = deployedTopologies(storage).findLast(({ graph }) => graph.name === topology);
  return { deployed: newest?.graph ?? null, topics: storage.log.topics() };
}
