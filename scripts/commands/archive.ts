/** `skillforge archive`. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { Archive, type ArchivedTopic } from '../archive/archive.js';
import { openArchive } from '../archive/openedArchive.js';
import { verifyArchive, type VerifiedPartition } from '../archive/verification.js';
import { ARCHIVED_TOPICS } from '../archive/topics.js';
import { EXIT } from './exitCodes.js';
import { withFolder } from './folder.js';
import { isMeant, isSealed, withInClear, type InClearOptions } from './inClear.js';
import { groupCommand, nameList, wholeNumber } from './options.js';
import { countText, countedText, print, printJson, secondsText, tableText } from './output.js';
import { ProgressLine } from './progressLine.js';
import { StopSignals } from './stopSignals.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

interface WriteOptions extends ToolOptions, InClearOptions {
  readonly topics: readonly string[];
  readonly out: string;
  readonly untilEnd?: true;
  readonly every: number;
}

interface OpenOptions extends ToolOptions {
  readonly topics: readonly string[];
  readonly archive: string;
  readonly out: string;
}

interface VerifyOptions extends ToolOptions {
  readonly topics: readonly string[];
  readonly archive: string;
}

/** A day has 24 files for each partition then. */
const EVERY_SECONDS = 3_600;

const DESCRIPTION = `Writes the records of topics into Parquet files, by region and by day of event time (UTC): DIR/<topic>/region=…/day=…/…parquet. Each
record is in one file, however often the command is ended and started again: it goes on where the last commit of each partition stands. What comes
late makes a further file in its day.

Without --until-end it goes on until Ctrl+C: it writes a partition when enough has come, and what has come at all every --every seconds. Works
beside a running "run". Values that cannot be read are kept as bytes, with the reason.

Of a folder or a region with keys it keeps what is personal as it lies, under the keys of learners: columns of personal values are empty, and
"archive open" makes an archive in clear of it.`;

/** Archives, and the command that checks it. */
export function archiveCommand(): Command {
  const group = groupCommand('archive', 'keep topics as Parquet files', [verifyCommand(), openCommand()]);
  return group.addCommand(writeCommand(), { isDefault: true });
}

function writeCommand(): Command {
  const command = toolCommand('write', 'write topics into Parquet files; "skillforge archive" alone does it, too', DESCRIPTION, [
    'skillforge archive --out ./archive --until-end',
    'skillforge archive --topics clicks,quiz-results --out ./archive',
    'skillforge archive --out /mnt/archive --kafka localhost:9092 --redis redis://localhost:6379 --until-end',
  ]);
  return withInClear(command)
    .option('--topics <names>', 'topics without their region, with commas between', nameList, ARCHIVED_TOPICS)
    .requiredOption('--out <dir>', 'folder of the archive')
    .option('--until-end', 'stop at the end that each topic has now')
    .option('--every <seconds>', 'write what has come at least so often', wholeNumber(1), EVERY_SECONDS)
    .action(write);
}

async function write(options: WriteOptions): Promise<void> {
  const { region, topics, out } = options;
  const line = new ProgressLine(options.json === true);
  const startMs = performance.now();
  const archived = await readingTools(options, (tools) =>
    // The lock of a storage of its own keeps a second writer out; it ends with its process, whatever ends that.
    withFolder(join(out, '_writer'), async () => {
      const archive = await Archive.open(tools, {
        region,
        topics,
        out,
        isSealed: isSealed(tools) && !isMeant(options),
        onProgress: ({ topic, done, total }) => line.update({ what: `archiving ${topic}`, done, total, unit: 'records' }),
      });
      if (options.untilEnd) await archive.untilEnd();
      else await follow(archive, options.every);
      return archive.archived;
    }),
  ).finally(() => line.end());
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) printJson({ summary: { topics: archived, out, seconds } });
  else print(`${archivedText(archived)}\n${out}: ${secondsText(seconds)}`);
}

async function follow(archive: Archive, everySeconds: number): Promise<void> {
  const controller = new AbortController();
  const signals = StopSignals.ofCommits(() => controller.abort());
  try {
    await archive.follow({ everyMs: everySeconds * 1000, signal: controller.signal });
  } finally {
    signals.release();
  }
}

function archivedText(archived: readonly ArchivedTopic[]): string {
  const rows = archived.map(({ topic, records, files, unreadable, lost }) => [topic, ...[records, files, unreadable, lost].map(countText)]);
  return tableText(['topic', 'records', 'files', 'unreadable', 'lost offsets'], rows);
}

const OPEN_DESCRIPTION = `Makes an archive in clear of a sealed one, for features and training: file by file, with the keys of the folder or the region. Of learners whose key
was deleted rows stay without values, so that counts agree. Delete what is opened when it is not needed any more: deleting a key does not reach it.`;

function openCommand(): Command {
  return toolCommand('open', 'make an archive in clear of a sealed one', OPEN_DESCRIPTION, [
    'skillforge archive open --archive ./archive --out ./opened',
  ])
    .option('--topics <names>', 'topics without their region, with commas between', nameList, ARCHIVED_TOPICS)
    .requiredOption('--archive <dir>', 'folder of the sealed archive')
    .requiredOption('--out <dir>', 'folder of the archive in clear')
    .action(async (options: OpenOptions) => {
      const { topics, region, archive, out } = options;
      const opened = await readingTools(options, (tools) => openArchive(tools, { archive, out, region, topics }));
      if (options.json) printJson({ topics: opened, out });
      else
        print(
          tableText(
            ['topic', 'records', 'erased'],
            opened.map(({ topic, records, erased }) => [topic, countText(records), countText(erased)]),
          ),
        );
    });
}

const VERIFY_DESCRIPTION = `Compares an archive with the log, offset by offset: each record up to the commit of its partition has to be in one file, once, and
nothing else. What retention has removed from the log since is counted, and not compared. Exit code 1 where something does not agree. Works beside a
running "archive" and "run".`;

function verifyCommand(): Command {
  return toolCommand('verify', 'compare an archive with the log', VERIFY_DESCRIPTION, [
    'skillforge archive verify --archive ./archive',
    'skillforge archive verify --archive ./archive --topics clicks --json',
  ])
    .option('--topics <names>', 'topics without their region, with commas between', nameList, ARCHIVED_TOPICS)
    .requiredOption('--archive <dir>', 'folder of the archive')
    .action(verify);
}

async function verify(options: VerifyOptions): Promise<void> {
  const { archive, topics, region } = options;
  const verified = await readingTools(options, async (tools) => {
    const all: VerifiedPartition[] = [];
    for (const topic of topics) all.push(...(await verifyArchive(tools, archive, topic, region)));
    return all;
  });
  const problems = verified.flatMap((one) => one.problems.map((text) => `${one.topic}, partition ${one.partition}: ${text}`));
  const sum = (of: (one: VerifiedPartition) => number): number => verified.reduce((all, one) => all + of(one), 0);
  const totals = { archived: sum((one) => one.archived), matched: sum((one) => one.matched), older: sum((one) => one.older) };
  if (options.json) printJson({ summary: { ...totals, problems }, partitions: verified });
  else {
    for (const problem of problems) print(problem);
    const { archived, matched, older } = totals;
    print(`${countedText(archived, 'record')} archived, ${countText(matched)} of them compared with the log, ${countText(older)} older than it`);
  }
  if (problems.length > 0) process.exitCode = EXIT.failed;
}
