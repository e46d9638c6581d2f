/** `skillforge topology describe`. */
import { Option, type Command } from 'commander';
import { describe } from '../../operators/graph.js';
import { graphAsMermaid, graphAsText } from '../../operators/graphText.js';
import { findTopologyFile, loadTopology } from '../topologyFiles.js';
import { usageError } from './failures.js';
import { plainCommand, type PlainOptions } from './options.js';
import { print, printJson } from './output.js';

interface DescribeOptions extends PlainOptions {
  readonly format: 'text' | 'json' | 'mermaid';
  readonly mermaid?: true;
  readonly text?: true;
}

const DESCRIPTION = `Shows the graph of a topology without running it: its sources, operators, stores, internal topics and sinks, by subtopology.
Mermaid text draws itself in a Markdown file, between \`\`\`mermaid and \`\`\`.`;

/** Shows the graph of a topology. */
export function topologyDescribeCommand(): Command {
  return plainCommand('describe <topology>', 'show the graph of a topology', DESCRIPTION, [
    'skillforge topology describe item-trends',
    'skillforge topology describe item-trends --format mermaid',
  ])
    .addOption(new Option('--format <format>', 'how to show it; --json is the same as json').choices(['text', 'json', 'mermaid']).default('text'))
    .addOption(new Option('--mermaid').hideHelp())
    .addOption(new Option('--text').hideHelp())
    .action(show);
}

/** Flags that people try, because there is --json. @throws SFS_USAGE with what to give instead */
function assertFormat({ mermaid, text }: DescribeOptions): void {
  const tried = mermaid ? 'mermaid' : text ? 'text' : null;
  if (tried !== null) throw usageError(`there is no option --${tried}: give --format ${tried}`);
}

async function show(name: string, options: DescribeOptions): Promise<void> {
  assertFormat(options);
  const graph = describe(await loadTopology(findTopologyFile(name, process.cwd())));
  if (options.json === true || options.format === 'json') return printJson(graph);
  print((options.format === 'mermaid' ? graphAsMermaid(graph) : graphAsText(graph)).trimEnd());
}
