/** Imports an OULAD folder into the log; can be cut off anywhere and repeated. */
import { topics, type Click, type Opened } from '../../schemas/index.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { CLICK_COLUMNS } from '../oulad/clickRows.js';
import { assertOptions, clockOf, CsvFile, readOuladClicks, type FileCounts, type OuladProgress, type OuladSummary } from '../oulad/index.js';
import { importOuladRecords, missingFiles } from './ouladRecords.js';
import { OuladWriter, fromFile, type OuladImportOptions, type WrittenCounts } from './ouladWriter.js';
import type { WorkDone } from './progressLine.js';

/** What an import did. The counts are sums over all kinds of records. */
export interface OuladImportResult extends WrittenCounts {
  /** By file, in the order in which they were read. */
  readonly files: readonly FileCounts[];
  /** Names of the files that the folder does not have. */
  readonly missing: readonly string[];
  readonly topics: readonly (WrittenCounts & { readonly topic: string })[];
  /** The clicks by presentation. */
  readonly clicks: OuladSummary;
  /** Where the clock of the data stands, ms since epoch (UTC); `null` when nothing was chosen. */
  readonly clockMs: number | null;
}

/**
 * Writes the records that are not there yet, and the rejected lines; then sets the clock of the topics. The clicks come first: they are the
 * only ones that are refused, so that a refused import has changed nothing.
 *
 * @throws SFS_IMPORT_OTHER_FILE when the region has the records of other files; SFS_IMPORT_BEHIND when clicks that are not there yet are
 * before the clock; and what reading and writing throw
 */
export async function importOulad(storage: LocalStorage, folder: string, options: OuladImportOptions): Promise<OuladImportResult> {
  assertOptions(options);
  const missing = await missingFiles(folder);
  const clicks = await writeClicks(storage, folder, options);
  const others = await importOuladRecords(storage, folder, missing, options);
  const writers = [clicks.writer, ...others.kinds.map(({ writer }) => writer)];
  const courses = [...clicks.summary.presentations.map(({ course }) => course), ...writers.flatMap((writer) => writer.courses)];
  const clockMs = clockOf(courses, options, Math.max(...writers.map((writer) => writer.lastMs)));
  // Only when every kind is there: an import that was cut off goes on before the clock.
  if (clockMs !== null) for (const writer of writers) await writer.clock(clockMs);
  const written = [{ topic: topics.clicks.name, ...clicks.counts }, ...others.kinds.map(({ topic, counts }) => ({ topic, ...counts }))];
  return {
    ...sumOf([...written, others.schedule]),
    files: [clicksFile(clicks.summary), ...others.files],
    missing,
    topics: written,
    clicks: clicks.summary,
    clockMs,
  };
}

/** What an import of the clicks alone did. */
export interface OuladClicksResult extends WrittenCounts {
  readonly summary: OuladSummary;
}

/**
 * Writes the clicks that are not there yet, and the rejected lines; sets no clock.
 *
 * @throws SFS_IMPORT_OTHER_FILE, SFS_IMPORT_BEHIND, and what reading and writing throw
 */
export async function importOuladClicks(storage: LocalStorage, folder: string, options: OuladImportOptions): Promise<OuladClicksResult> {
  const { summary, counts } = await writeClicks(storage, folder, options);
  return { summary, ...counts };
}

interface WrittenClicks {
  readonly writer: OuladWriter<Opened<Click>>;
  readonly summary: OuladSummary;
  readonly counts: WrittenCounts;
}

async function writeClicks(storage: LocalStorage, folder: string, options: OuladImportOptions): Promise<WrittenClicks> {
  const { onProgress, region, ...choice } = options;
  const clicks = readOuladClicks(folder, { ...choice, region, onProgress: (progress) => onProgress?.(clickWork(progress)) });
  const { path } = await CsvFile.find(folder, 'studentVle', CLICK_COLUMNS);
  const writer = await OuladWriter.open(storage, {
    topic: topics.clicks,
    region,
    writer: `import/oulad/${region}`,
    paths: [path],
    courseOf: (click) => click.course,
    timeOf: (click) => click.occurredAtMs,
    refusesPast: true,
    marksDays: false,
  });
  for await (const { events, rejected } of clicks) await writer.write({ records: events, rejected: fromFile(path, rejected) });
  return { writer, summary: clicks.summary, counts: await writer.finish() };
}

function clickWork({ phase, bytesRead, bytesTotal, eventsEmitted, eventsTotal }: OuladProgress): WorkDone {
  if (phase === 'reading') return { what: 'reading studentVle', done: bytesRead, total: bytesTotal, unit: 'bytes' };
  return { what: 'importing clicks', done: eventsEmitted, total: eventsTotal, unit: 'clicks' };
}

function clicksFile({ file, rowsRead, accepted, filtered, rejected }: OuladSummary): FileCounts {
  return { file: file ?? '', rowsRead, accepted, filtered, silent: 0, rejected };
}

function sumOf(all: readonly WrittenCounts[]): WrittenCounts {
  const sum = (of: (counts: WrittenCounts) => number): number => all.reduce((total, counts) => total + of(counts), 0);
  return {
    written: sum(({ written }) => written),
    alreadyThere: sum(({ alreadyThere }) => alreadyThere),
    rejected: sum(({ rejected }) => rejected),
    rejectedBefore: sum(({ rejectedBefore }) => rejectedBefore),
  };
}
