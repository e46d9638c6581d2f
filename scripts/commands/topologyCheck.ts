/** `skillforge topology check`. */
import type { Command } from 'commander';
import { findTopologyFile, shortPath, topologyFiles, type TopologyFile } from '../topologyFiles.js';
import { EXIT } from './exitCodes.js';
import { invocation } from './invocation.js';
import { plainCommand, type PlainOptions } from './options.js';
import { countedText, print, printJson } from './output.js';

const DESCRIPTION = `Looks in topology files, and the files that they import, for what would make a replay differ from living it: RxJS operators with
hidden state, asynchronous work, clocks and randomness, state in closures, imports from outside of the topology language. Nothing is
run. Each finding says what to use instead; exit code 1 when there is one. Without a name, every file in ./topologies.`;

/** Checks topology files. */
export function topologyCheckCommand(): Command {
  return plainCommand('check [topology...]', 'find what a topology must not do', DESCRIPTION, [
    'skillforge topology check',
    'skillforge topology check item-trends ./drafts/grades.ts',
  ]).action(check);
}

async function check(names: readonly string[], options: PlainOptions): Promise<void> {
  const { checkTopologyFile, findingsAsText } = await import('../topology/check.js');
  const folder = process.cwd();
  const files =
    names.length > 0
      ? names.map((name) => findTopologyFile(name, folder))
      : topologyFiles(folder).filter((file) => !file.own || file.path.startsWith(folder));
  const findings = files.flatMap((file) => checkTopologyFile(file.path)).map((one) => ({ ...one, file: shortPath(one.file, folder) }));
  if (options.json) printJson({ files: files.map((file) => shortPath(file.path, folder)), findings });
  else if (findings.length > 0) print(findingsAsText(findings).trimEnd());
  else print(`${countedText(files.length, 'file')}, no findings\nnext, what a run would do: ${invocation()} topology plan ${planned(files)}`);
  if (findings.length > 0) process.exitCode = EXIT.failed;
}

const planned = (files: readonly TopologyFile[]): string => (files.length === 1 ? shortName(files[0]!) : '<name>');

/** A topology in ./topologies goes by its name, any other by its path. */
function shortName({ name, path }: TopologyFile): string {
  const folder = process.cwd();
  return topologyFiles(folder).some((file) => file.path === path) ? name : shortPath(path, folder);
}
