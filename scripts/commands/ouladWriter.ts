/** Writes one kind of records of an OULAD folder into the log; can be cut off anywhere and repeated. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { SkillForgeError, type Topic } from '../../schemas/index.js';
import { readDeadLetters } from '../../runtime/deadLetters.js';
import type { LocalStorage } from '../../runtime/ports.js';
import type { OuladChoice, RejectedRow } from '../oulad/index.js';
import { timeText } from './output.js';
import type { WorkDone } from './progressLine.js';
import { RecordAppender } from './recordAppender.js';

/** What to import, and into which region. */
export interface OuladImportOptions extends OuladChoice {
  readonly region: string;
  /** Called after each batch, in the reader's own turn: keep it short. */
  readonly onProgress?: (work: WorkDone) => void;
}

/** One kind of records and the files that tell of it. */
export interface OuladKind<V> {
  readonly topic: Topic<string, V>;
  readonly region: string;
  /** Name under which the progress is kept. */
  readonly writer: string;
  /** Every file whose content decides the records. */
  readonly paths: readonly string[];
  /** Presentation of a record. */
  readonly courseOf: (value: V) => string;
  /** Event time of a record, ms since epoch (UTC). */
  readonly timeOf: (value: V) => number;
  /** Whether records before the clock are refused, because they would count for nothing. */
  readonly refusesPast: boolean;
  /** Whether records are weeks apart: a clock marker at each midnight between them spares those who read them beside clicks the wait. */
  readonly marksDays: boolean;
}

/** A step of an import. */
export interface OuladStep<V> {
  /** In ascending event time, over all steps. */
  readonly records: readonly V[];
  /** In file order, over all steps. */
  readonly rejected: readonly RejectedLineOf[];
}

/** A row that became nothing, and its file. */
export interface RejectedLineOf extends RejectedRow {
  /** Source of its dead letter, such as `import/oulad/studentVle.csv`. */
  readonly source: string;
}

/** What was written of one kind. */
export interface WrittenCounts {
  /** Records that this import wrote. */
  readonly written: number;
  /** Records that an earlier import had written. */
  readonly alreadyThere: number;
  /** Lines that this import sent to the dead letters. */
  readonly rejected: number;
  readonly rejectedBefore: number;
}

/**
 * What earlier imports wrote. The records of a presentation always come in the same order, and `--until-day` only cuts off
 * their end: so a number per presentation says which ones are there, whatever the options were.
 */
interface KindProgress {
  /** SHA-256 of the files. */
  readonly file: string;
  readonly written: Record<string, number>;
  readonly rejected: number;
  /** Event time before which nothing may come any more; absent before the first clock marker. */
  readonly clockMs?: number | undefined;
}

const DAY_MS = 86_400_000;

const midnightOf = (timeMs: number): number => Math.floor(timeMs / DAY_MS) * DAY_MS;
const hasRecords = ({ written }: KindProgress): boolean => Object.keys(written).length > 0;

/** The source of the dead letters of a file. */
export const letterSource = (path: string): string => `import/oulad/${basename(path).replace(/\.gz$/, '')}`;

/** Rejected rows of a file with the source of their dead letters. */
export const fromFile = (path: string, rejected: readonly RejectedRow[]): RejectedLineOf[] =>
  rejected.map((row) => ({ ...row, source: letterSource(path) }));

/** One pass over the files of a kind: counts what it meets and writes what goes beyond the progress. */
export class OuladWriter<V> {
  /** Greatest event time met, ms; `-Infinity` before the first record. */
  lastMs = -Infinity;
  /** Midnight up to which days are marked, ms; `-Infinity` before the first record. */
  private markedMs = -Infinity;
  private readonly met: Record<string, number> = {};
  private readonly written: Record<string, number>;
  private rejectedMet = 0;
  private rejected: number;
  private lettersMet = 0;
  private added = 0;
  private skipped = 0;

  private constructor(
    private readonly kind: OuladKind<V>,
    private readonly appender: RecordAppender<V>,
    private before: KindProgress,
    private readonly letters: ReadonlySet<string>,
  ) {
    this.written = { ...before.written };
    this.rejected = before.rejected;
  }

  /** @throws SFS_IMPORT_OTHER_FILE when the region has the records of other files, SFS_TOPIC_MISMATCH, and what reading throws */
  static async open<V>(storage: LocalStorage, kind: OuladKind<V>): Promise<OuladWriter<V>> {
    const { topic, region, writer, paths } = kind;
    const appender = new RecordAppender(storage, topic, region, writer);
    const file = await digestOf(paths);
    const kept = appender.progress<KindProgress>();
    if (kept !== null && kept.file !== file && hasRecords(kept)) throw otherFile(kind);
    const before = kept?.file === file ? kept : { file, written: {}, rejected: 0, clockMs: kept?.clockMs };
    // Lines are rejected while a file is read, before its first record: a file that turned out to be damaged may have left letters.
    const letters = kept === null || hasRecords(kept) ? new Set<string>() : await lettersFrom(storage, region, new Set(paths.map(letterSource)));
    return new OuladWriter(kind, appender, before, letters);
  }

  /** Courses of the records met. */
  get courses(): string[] {
    return Object.keys(this.met);
  }

  /** @throws SFS_IMPORT_BEHIND when a record is new and before the clock, and what a commit throws */
  async write({ records, rejected }: OuladStep<V>): Promise<void> {
    const { added } = this;
    const lettersBefore = this.rejected;
    for (const record of records) this.take(record);
    for (const line of rejected) this.reject(line);
    if (this.added === added && this.rejected === lettersBefore) return;
    await this.commit();
  }

  /** Promises that no record before `timeMs` comes any more; a promise never goes back. @throws what a commit throws */
  async clock(timeMs: number): Promise<void> {
    if (timeMs <= (this.before.clockMs ?? -Infinity)) return;
    this.markDays(timeMs - 1);
    this.appender.clock(timeMs);
    this.before = { ...this.before, clockMs: timeMs };
    await this.commit();
    await this.appender.finish();
  }

  /** Resolves when everything written is durable. @throws what a commit threw */
  async finish(): Promise<WrittenCounts> {
    await this.appender.finish();
    const rejectedBefore = Math.min(this.before.rejected, this.rejectedMet) + this.lettersMet;
    const rejected = this.rejected - this.before.rejected - this.lettersMet;
    return { written: this.added, alreadyThere: this.skipped, rejected, rejectedBefore };
  }

  private commit(): Promise<void> {
    const { file, clockMs } = this.before;
    const progress: KindProgress = { file, written: this.written, rejected: this.rejected, clockMs };
    return this.appender.commit(progress);
  }

  private take(record: V): void {
    const { kind } = this;
    const course = kind.courseOf(record);
    const timeMs = kind.timeOf(record);
    if (timeMs > this.lastMs) this.lastMs = timeMs;
    const place = (this.met[course] = (this.met[course] ?? 0) + 1);
    if (place <= (this.before.written[course] ?? 0)) {
      this.skipped++;
      // The days up to a record are marked in its own commit.
      this.markedMs = Math.max(this.markedMs, midnightOf(timeMs));
      return;
    }
    if (kind.refusesPast && timeMs < (this.before.clockMs ?? -Infinity)) throw behind(kind, course, timeMs, this.before.clockMs!);
    this.markDays(timeMs);
    this.appender.add(record);
    this.written[course] = place;
    this.added++;
  }

  /** Adds a clock marker for each midnight from the last one on up to `timeMs`; the first record has none before it. */
  private markDays(timeMs: number): void {
    if (!this.kind.marksDays) return;
    const fromMs = Math.max(this.markedMs, midnightOf(this.before.clockMs ?? -Infinity));
    const toMs = midnightOf(timeMs);
    if (fromMs !== -Infinity) for (let atMs = fromMs + DAY_MS; atMs <= toMs; atMs += DAY_MS) this.appender.clock(atMs);
    this.markedMs = Math.max(fromMs, toMs);
  }

  private reject(line: RejectedLineOf): void {
    if (this.rejectedMet++ < this.before.rejected) return;
    this.rejected++;
    if (this.letters.has(lineId(line.source, line))) this.lettersMet++;
    else this.appender.reject(line.source, line);
  }
}

/** The lines of some sources that are in the dead letters. */
async function lettersFrom(storage: LocalStorage, region: string, sources: ReadonlySet<string>): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const { letter } of readDeadLetters(storage, region)) {
    const { sourceTopic, sourceOffset, code, personal } = letter;
    if (sources.has(sourceTopic) && personal.value !== null) found.add(lineId(sourceTopic, { line: sourceOffset, code, raw: personal.value }));
  }
  return found;
}

const lineId = (source: string, { line, code, raw }: Pick<RejectedRow, 'line' | 'raw'> & { readonly code: string }): string =>
  `${source} ${line} ${code} ${raw.toString('latin1')}`;

/** One digest of several files, one after the other. */
async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function otherFile<V>({ topic, region, paths }: OuladKind<V>): SkillForgeError {
  const names = paths.map((path) => basename(path)).join(', ');
  return new SkillForgeError(
    'SFS_IMPORT_OTHER_FILE',
    `the topic ${topic.name} already has in region ${region} what another ${names} told; import ${paths[0]!} into a folder of its own`,
    { context: { paths, region, topic: topic.name } },
  );
}

function behind<V>({ topic, region }: OuladKind<V>, course: string, timeMs: number, clockMs: number): SkillForgeError {
  return new SkillForgeError(
    'SFS_IMPORT_BEHIND',
    `the clock of the topic ${topic.name} in region ${region} stands at ${timeText(clockMs)}, but records of ${course} that are to be imported begin at ` +
      `${timeText(timeMs)}: they would all be late`,
    { context: { topic: topic.name, region, course, timeMs, clockMs } },
  );
}
