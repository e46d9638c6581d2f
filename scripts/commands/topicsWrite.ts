/** `skillforge topics write`. */
import type { Command } from 'commander';
import { SkillForgeError, topics, type Topic } from '../../schemas/index.js';
import { findTopologyFile, loadTopology } from '../topologyFiles.js';
import { EXIT } from './exitCodes.js';
import { usageError } from './failures.js';
import { holdsStorage } from './folder.js';
import { folderInvocation } from './invocation.js';
import { importLines, type LineImportResult, type LineInput } from './lineImport.js';
import { wholeNumber } from './options.js';
import { countText, countedText, print, printJson, secondsText } from './output.js';
import { ProgressLine } from './progressLine.js';
import type { RejectedLine } from './recordAppender.js';
import { toolCommand, writingTools, type ToolOptions } from './toolAccess.js';
import { topicsOf } from './topicCodecs.js';

interface WriteOptions extends ToolOptions {
  readonly topology?: string;
  readonly clock?: number;
}

const DESCRIPTION = `Appends JSON lines to a topic: one record a line, from FILE or from standard input. The key comes from the key fields of the value,
the partition from the key. Bytes are base64; fields with a default may be left out. A topic of the catalogue is known by its name, one of your
own by the topology that declares it (--topology).

A line that is no JSON, or does not fit the schema, goes to the dead letters with its number and its bytes, and the others are written;
exit code 1 then. Fields that the schema does not have are taken out of what the dead letters keep. A file that was cut off is repeated without doubling: a call with the same bytes adds what is missing, and nothing the
next time. To write it once more, pipe it: standard input is appended as it comes.

The folder has one writer at a time. While "run" works on it, this is refused with SFS_FOLDER_LOCKED: stop it, write, start it again; it goes on
where it was. On servers it works beside running workers, and of two calls with the same bytes at a time one is refused with SFS_FENCED.
Derived topics are refused: their records carry the times of the topology that wrote them.`;

/** Appends records. */
export function topicsWriteCommand(): Command {
  return toolCommand('write <topic> [file]', 'append records to a topic', DESCRIPTION, [
    'skillforge topics write quiz-results ./results.jsonl',
    'skillforge topics write grades ./grades.jsonl --topology ./topologies/grades.ts',
    'skillforge topics write profiles --json',
    'skillforge topics write clicks ./monday.jsonl --clock 1756771200000',
    'skillforge topics write clicks ./clicks.jsonl --kafka localhost:9092 --redis redis://localhost:6379',
  ])
    .option('--topology <name>', 'topology that declares the topic, by name or path')
    .option(
      '--clock <ms>',
      'promise that no record of an earlier event time comes any more (ms since epoch): readers need not wait',
      wholeNumber(-Infinity),
    )
    .action(write);
}

async function write(name: string, file: string | undefined, options: WriteOptions): Promise<void> {
  const topic = await writableTopic(name, options);
  const json = options.json === true;
  const input: LineInput = file === undefined || file === '-' ? { stream: process.stdin } : { path: file };
  if ('stream' in input && process.stdin.isTTY) process.stderr.write('JSON lines, please; Ctrl+D ends\n');
  const startMs = performance.now();
  const line = new ProgressLine(json);
  const refusals = new Refusals(json);
  if (options.kafka === undefined && !json && !holdsStorage(options.data)) process.stderr.write(`new folder ${options.data}\n`);
  const result = await writingTools(options, (tools) =>
    importLines(tools, topic, input, {
      region: options.region,
      clockMs: options.clock,
      onLines: (done) => line.update({ what: 'writing', done, total: null, unit: 'lines' }),
      onReject: (rejected) => refusals.tell(rejected),
    }),
  );
  line.end();
  const seconds = (performance.now() - startMs) / 1000;
  if (json) printJson({ summary: { topic: `${options.region}.${topic.name}`, ...result, byCode: refusals.byCode, seconds } });
  else print(writtenText(result, topic.name, seconds, listCommand(result.source, options)));
  if (result.rejected > 0) process.exitCode = EXIT.failed;
}

/** What to type to see the lines that were refused. */
function listCommand(source: string, options: WriteOptions): string {
  const command = folderInvocation(`dlq list --topic ${source}`, options);
  return options.kafka === undefined ? command : `${command} --kafka ${options.kafka}`;
}

/** Tells the first lines that were refused, and counts all. */
class Refusals {
  readonly byCode: Record<string, number> = {};
  private told = 0;

  constructor(private readonly silent: boolean) {}

  tell({ line, code, reason }: RejectedLine): void {
    this.byCode[code] = (this.byCode[code] ?? 0) + 1;
    if (this.silent || this.told++ >= MOST_TOLD) return;
    process.stderr.write(`line ${line}: ${code}: ${reason}\n`);
  }
}

const MOST_TOLD = 5;

function writtenText({ written, alreadyThere, rejected, rejectedBefore }: LineImportResult, topic: string, seconds: number, list: string): string {
  const before = alreadyThere > 0 ? `; ${countText(alreadyThere)} were there already` : '';
  const refused = rejected + rejectedBefore;
  return [
    `wrote ${countedText(written, 'record')} to ${topic} in ${secondsText(seconds)}${before}`,
    ...(refused === 0
      ? []
      : [`${countedText(refused, 'line')} in the dead letters${rejected === refused ? '' : `, ${countText(rejected)} of them new`}: ${list}`]),
  ].join('\n');
}

/** @throws SFS_TOPIC_UNKNOWN, and SFS_USAGE for a topic that only the engine or a topology writes */
async function writableTopic(given: string, { region, topology }: WriteOptions): Promise<Topic<string, unknown>> {
  const name = given.startsWith(`${region}.`) ? given.slice(region.length + 1) : given;
  const catalogue: readonly Topic<string, unknown>[] = Object.values(topics);
  const declared = topology === undefined ? [] : topicsOf(await loadTopology(findTopologyFile(topology, process.cwd())));
  const topic = [...declared, ...catalogue].find((one) => one.name === name);
  if (topic === undefined) throw unknownTopic(name, topology, (topology === undefined ? catalogue : declared).filter(isWritable));
  if (topic.derived) throw usageError(`${name} is a derived topic: only the topology that makes it writes it`);
  if (ENGINES.has(name)) throw usageError(`${name} is not written by hand: the engine writes it, and "skillforge oversight" what people decide`);
  return topic;
}

const ENGINES: ReadonlySet<string> = new Set([topics.control, topics.measures, topics.deadLetters, topics.lateEvents].map((topic) => topic.name));

const isWritable = ({ name, derived }: Topic<string, unknown>): boolean => !derived && !ENGINES.has(name);

function unknownTopic(name: string, topology: string | undefined, known: readonly Topic<string, unknown>[]): SkillForgeError {
  const where = topology === undefined ? 'the catalogue' : `topology ${topology}`;
  const names = known.map((topic) => topic.name).join(', ');
  const hint = topology === undefined ? '; a topic of your own needs --topology' : '';
  return new SkillForgeError('SFS_TOPIC_UNKNOWN', `${where} has no topic ${name}; it has ${names || 'none that can be written'}${hint}`, {
    context: { topic: name },
  });
}
