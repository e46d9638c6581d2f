/** Imports the clicks of an OULAD folder into the log; can be cut off anywhere and repeated. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SkillForgeError, topics, type Click, type Opened } from '../../schemas/index.js';
import { readDeadLetters } from '../../runtime/deadLetters.js';
import type { Storage } from '../../runtime/ports.js';
import { CLICK_COLUMNS } from '../oulad/clickRows.js';
import {
  CsvFile,
  readOuladClicks,
  type ClickChoice,
  type OuladBatch,
  type OuladProgress,
  type OuladSummary,
  type RejectedRow,
} from '../oulad/index.js';
import { RecordAppender } from './recordAppender.js';

/** What to import, and into which region. */
export interface OuladImportOptions extends ClickChoice {
  readonly region: string;
  readonly onProgress?: (progress: OuladProgress) => void;
}

/** What an import did. */
export interface OuladImportResult {
  readonly summary: OuladSummary;
  /** Clicks that this import wrote. */
  readonly written: number;
  /** Clicks that an earlier import had written. */
  readonly alreadyThere: number;
  /** Lines that this import sent to the dead letters. */
  readonly rejected: number;
  readonly rejectedBefore: number;
}

/**
 * What earlier imports wrote. A presentation's clicks always come in the same order, and `--until-day` only cuts off
 * their end: so a number per presentation says which ones are there, whatever the options were.
 */
interface ImportProgress {
  /** SHA-256 of the file. */
  readonly file: string;
  readonly written: Record<string, number>;
  readonly rejected: number;
}

/**
 * Writes the clicks that are not there yet, and the rejected lines.
 *
 * @throws SFS_IMPORT_OTHER_FILE when the region has the clicks of another file, and what reading and writing throw
 */
export async function importOuladClicks(storage: Storage, folder: string, options: OuladImportOptions): Promise<OuladImportResult> {
  const clicks = readOuladClicks(folder, options);
  const { path } = await CsvFile.find(folder, 'studentVle', CLICK_COLUMNS);
  const appender = new RecordAppender(storage, topics.clicks, options.region, `import/oulad/${options.region}`);
  const file = await digestOf(path);
  const kept = appender.progress<ImportProgress>();
  if (kept !== null && kept.file !== file && hasClicks(kept)) throw otherFile(path, options.region);
  const before = kept?.file === file ? kept : { file, written: {}, rejected: 0 };
  const source = `import/oulad/${basename(path).replace(/\.gz$/, '')}`;
  // Lines are rejected while the file is read, before the first click: a file that turned out to be damaged may have left letters.
  const letters = kept === null || hasClicks(kept) ? new Set<string>() : lettersFrom(storage, options.region, source);
  const run = new ImportRun(appender, before, letters, source);
  for await (const batch of clicks) await run.write(batch);
  await appender.finish();
  return { summary: clicks.summary, ...run.counts() };
}

const hasClicks = ({ written }: ImportProgress): boolean => Object.keys(written).length > 0;

/** The lines of a source that are in the dead letters. */
function lettersFrom(storage: Storage, region: string, source: string): Set<string> {
  const found = new Set<string>();
  for (const { letter } of readDeadLetters(storage, region)) {
    const { sourceTopic, sourceOffset, code, personal } = letter;
    if (sourceTopic === source && personal.value !== null) found.add(lineId({ line: sourceOffset, code, raw: personal.value }));
  }
  return found;
}

const lineId = ({ line, code, raw }: Pick<RejectedRow, 'line' | 'raw'> & { readonly code: string }): string =>
  `${line} ${code} ${raw.toString('latin1')}`;

/** One pass over the file: counts what it meets and writes what goes beyond the progress. */
class ImportRun {
  private readonly met: Record<string, number> = {};
  private readonly written: Record<string, number>;
  private rejectedMet = 0;
  private rejected: number;
  private lettersMet = 0;
  private added = 0;
  private skipped = 0;

  constructor(
    private readonly appender: RecordAppender<Opened<Click>>,
    private readonly before: ImportProgress,
    private readonly letters: ReadonlySet<string>,
    private readonly source: string,
  ) {
    this.written = { ...before.written };
    this.rejected = before.rejected;
  }

  async write({ events, rejected }: OuladBatch): Promise<void> {
    const { added } = this;
    const lettersBefore = this.rejected;
    for (const event of events) this.take(event);
    for (const line of rejected) {
      if (this.rejectedMet++ < this.before.rejected) continue;
      this.rejected++;
      if (this.letters.has(lineId(line))) this.lettersMet++;
      else this.appender.reject(this.source, line);
    }
    if (this.added === added && this.rejected === lettersBefore) return;
    await this.appender.commit({ file: this.before.file, written: this.written, rejected: this.rejected });
  }

  counts(): Omit<OuladImportResult, 'summary'> {
    const rejectedBefore = Math.min(this.before.rejected, this.rejectedMet) + this.lettersMet;
    const rejected = this.rejected - this.before.rejected - this.lettersMet;
    return { written: this.added, alreadyThere: this.skipped, rejected, rejectedBefore };
  }

  private take(event: Opened<Click>): void {
    const place = (this.met[event.course] = (this.met[event.course] ?? 0) + 1);
    if (place <= (this.before.written[event.course] ?? 0)) {
      this.skipped++;
      return;
    }
    this.appender.add(event);
    this.written[event.course] = place;
    this.added++;
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

function otherFile(path: string, region: string): SkillForgeError {
  return new SkillForgeError(
    'SFS_IMPORT_OTHER_FILE',
    `the folder already has the clicks of another studentVle in region ${region}; import ${path} into a folder of its own`,
    {
      context: { path, region },
    },
  );
}
