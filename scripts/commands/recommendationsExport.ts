/** `skillforge recommendations export`. */
import { createWriteStream, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Option, type Command } from 'commander';
import { RecommendationClient, openDenyList, type DenyList, type ListName, type RecommendationLog } from '../../reader/index.js';
import { DENY_FILE } from '../../reader/denyList.js';
import { SkillForgeError, errorMessageOf, topics, type SchemaIds } from '../../schemas/index.js';
import { kafkaSource } from '../serving/readerSource.js';
import { readingFolder } from './folder.js';
import { folderCommand, type FolderOptions } from './options.js';
import { countedText, printJson } from './output.js';
import { viewFolderOf } from './readerView.js';
import { withReadingOptions, type ReadingOptions } from './serverOptions.js';
import { findTopic } from './topicCodecs.js';

interface ExportOptions extends FolderOptions, ReadingOptions {
  readonly list: ListName;
  readonly course?: string;
  readonly out?: string;
  readonly view?: string;
}

const DESCRIPTION = `Writes the recommendations that are served as JSON lines, one a learner, sorted by the bytes of the learners' ids:
{"learner_id":"…","items":["…"]}, items best first, up to 20. Of several courses the best of each come in turn, as the reader
serves them; --course takes one alone. Learners who have no item there are left out, and so are those on the reader's deny list;
withdrawn items are, too.

It needs no reader that runs, and works beside a "run"; with --kafka it takes what the topics there hold at its start. It reads the topic into a temporary view, on disk, so that memory stays
bounded; --view keeps that view, or uses the one that a reader has.`;

/** Exports what is served. */
export function recommendationsExportCommand(): Command {
  const command = folderCommand('export', 'write what is served as JSON lines', DESCRIPTION, [
    'skillforge recommendations export --jsonl',
    'skillforge recommendations export --jsonl --list new --course AAA-2014J --out ./new.jsonl',
    'skillforge recommendations export --jsonl --kafka localhost:9092',
  ]);
  return withReadingOptions(command)
    .option('--jsonl', 'as JSON lines: the only form so far')
    .addOption(
      new Option('--list <list>', 'whatever is best to do next, or only what was not opened before').choices(['next', 'new']).default('next'),
    )
    .option('--course <course>', 'only this presentation of a course, such as AAA-2014J')
    .option('--out <file>', 'file to write; it appears when it is whole. By default standard output')
    .option('--view <dir>', 'keep the view here, or use the one that is here')
    .action(exportAll);
}

async function exportAll(options: ExportOptions): Promise<void> {
  const learners = await withView(options, (view) => withLog(options, view, (read) => exportFrom(read, view, options)));
  const where = options.out === undefined ? '' : ` written to ${options.out}`;
  if (options.json && options.out !== undefined) printJson({ learners, out: options.out });
  else process.stderr.write(`${countedText(learners, 'learner')}${where}\n`);
}

async function withView<T>({ view }: ExportOptions, work: (folder: string) => Promise<T>): Promise<T> {
  if (view !== undefined) return work(view);
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-export-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A log, and the schemas of its records where they are not those of this package. */
interface Read {
  readonly log: RecommendationLog;
  readonly schemas?: SchemaIds;
}

async function withLog<T>(options: ExportOptions, view: string, work: (read: Read) => Promise<T>): Promise<T> {
  if (options.kafka === undefined) return readingFolder(options.data, work);
  const source = await kafkaSource(options, view);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

async function exportFrom({ log, schemas }: Read, folder: string, options: ExportOptions): Promise<number> {
  const { region } = options;
  findRecommendations(log, region);
  const client = await RecommendationClient.openStill({ log, region, store: { folder }, ...(schemas && { schemas }) });
  const denied = denyListOf(options);
  const count = { lines: 0 };
  try {
    await client.catchUp();
    await writeLines(linesOf(client, denied, options, count), options.out);
    return count.lines;
  } finally {
    await denied?.close();
    await client.close();
  }
}

/** @throws SFS_TOPIC_UNKNOWN */
function findRecommendations(log: RecommendationLog, region: string): void {
  findTopic(log.topics(), region, topics.recommendations.name);
}

/** The deny list of the reader, where there is one; the one beside the view is applied by the client. */
function denyListOf({ data, view }: ExportOptions): DenyList | null {
  const folder = viewFolderOf({ data });
  return view === undefined && existsSync(join(folder, DENY_FILE)) ? openDenyList({ folder }) : null;
}

function* linesOf(
  client: RecommendationClient,
  denied: DenyList | null,
  { list, course }: ExportOptions,
  count: { lines: number },
): Generator<string> {
  for (const { learner, items } of client.all({ list, course })) {
    if (denied?.has(learner) === true) continue;
    count.lines++;
    yield `${JSON.stringify({ learner_id: learner, items: items.map(({ item }) => item) })}\n`;
  }
}

async function writeLines(lines: Iterable<string>, out: string | undefined): Promise<void> {
  if (out === undefined) return pipeline(Readable.from(lines), standardOutput());
  const partial = `${out}.partial`;
  try {
    await pipeline(Readable.from(lines), createWriteStream(partial));
    renameSync(partial, out);
  } catch (cause) {
    if (existsSync(partial)) rmSync(partial);
    if (cause instanceof SkillForgeError) throw cause;
    throw new SkillForgeError('SFS_FILE_UNWRITABLE', `${out} cannot be written: ${errorMessageOf(cause)}`, { cause, context: { path: out } });
  }
}

/** Waits while the other end does not read; ending the pipeline must not end the output of the process. */
const standardOutput = (): Writable =>
  new Writable({
    decodeStrings: false,
    write: (line: string, _encoding, done) => {
      process.stdout.write(line, done);
    },
  });
