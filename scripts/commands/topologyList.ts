/** `skillforge topology list`. */
import type { Command } from 'commander';
import { errorMessageOf } from '../../schemas/index.js';
import { describe, taskCount } from '../../operators/graph.js';
import { loadTopology, shortPath, topologyFiles, type TopologyFile } from '../topologyFiles.js';
import { plainCommand, type PlainOptions } from './options.js';
import { print, printJson, tableText } from './output.js';

/** A topology file in a list. */
interface Listed {
  readonly name: string;
  readonly version: number | null;
  readonly tasks: number | null;
  readonly description: string;
  readonly file: string;
  readonly problem: string | null;
}

/** Lists topology files. */
export function topologyListCommand(): Command {
  const description = 'Lists the topologies in ./topologies and those of this package. Files are loaded, not checked and not run.';
  return plainCommand('list', 'list topology files', description, ['skillforge topology list', 'skillforge topology list --json']).action(list);
}

async function list(options: PlainOptions): Promise<void> {
  const listed: Listed[] = [];
  for (const file of topologyFiles(process.cwd())) listed.push(await listedOf(file));
  if (options.json) return printJson(listed);
  const rows = listed.map((one) => [one.name, String(one.version ?? '-'), String(one.tasks ?? '-'), one.file, one.problem ?? one.description]);
  print(tableText(['name', 'version', 'tasks', 'file', 'description'], rows));
}

async function listedOf(file: TopologyFile): Promise<Listed> {
  const path = shortPath(file.path, process.cwd());
  try {
    const graph = describe(await loadTopology(file));
    return { name: graph.name, version: graph.version, tasks: taskCount(graph), description: graph.description, file: path, problem: null };
  } catch (error) {
    return { name: file.name, version: null, tasks: null, description: '', file: path, problem: errorMessageOf(error) };
  }
}
