/** The published days of batch features, and what each was made of. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import { renameDurably, syncFile, writeDurably } from '../archive/durableFile.js';
import { modelNames, type BatchModel } from './models.js';

/** What is known of a published day. */
export interface DayRecord {
  readonly format: 1;
  readonly day: string;
  /** See `BatchInputs.digestOf`. */
  readonly inputs: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly rows: Readonly<Record<BatchModel, number>>;
}

/** The folder of batch features of a region. Everything that is not a folder of a model begins with `_`. */
export class BatchOutputs {
  private constructor(readonly folder: string) {}

  /** Opens the folder, made when missing. @throws SFS_BATCH_OUTPUT, SFS_FILE_UNWRITABLE */
  static open(folder: string, region: string): BatchOutputs {
    const path = join(folder, '_region.json');
    const document = readDocument<{ readonly region?: unknown }>(path);
    if (document === null) writeDurably(path, `${JSON.stringify({ format: 1, region })}\n`);
    else if (document.region !== region) {
      throw new SkillForgeError('SFS_BATCH_OUTPUT', `${folder} holds batch features of region ${String(document.region)}, not of ${region}`, {
        context: { folder, region },
      });
    }
    return new BatchOutputs(resolve(folder));
  }

  /** What is known of a day; `null` where a part of it is missing. @throws SFS_BATCH_OUTPUT */
  day(day: string): DayRecord | null {
    const record = readDocument<DayRecord>(this.recordPath(day));
    return record !== null && modelNames.every((model) => existsSync(this.path(model, day))) ? record : null;
  }

  /** Days that were published, ascending. */
  days(): string[] {
    const folder = join(this.folder, '_days');
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .flatMap((name) => /^(\d{4}-\d\d-\d\d)\.json$/.exec(name)?.[1] ?? [])
      .sort();
  }

  /** An empty folder for dbt to work in, with a folder for each day of each model in `features`. */
  newWork(days: readonly string[]): { readonly folder: string; readonly features: string } {
    const folder = this.work;
    this.dropWork();
    const features = join(folder, 'features');
    for (const model of modelNames) for (const day of days) mkdirSync(join(features, model, `day=${day}`), { recursive: true });
    return { folder, features };
  }

  /** Removes the folder that dbt worked in. */
  dropWork(): void {
    rmSync(this.work, { recursive: true, force: true });
  }

  /**
   * Publishes a day that dbt made: each file takes the place of the one before. After a crash in between, the day is made again.
   * @returns what was published. @throws SFS_FILE_UNWRITABLE
   */
  async publish(features: string, made: Omit<DayRecord, 'format' | 'rows'>): Promise<DayRecord> {
    const { day } = made;
    const rows: [BatchModel, number][] = [];
    rmSync(this.recordPath(day), { force: true });
    for (const model of modelNames) {
      const path = join(features, model, `day=${day}`, 'part.parquet');
      const { num_rows } = await parquetMetadataAsync(await asyncBufferFromFile(path));
      rows.push([model, Number(num_rows)]);
      syncFile(path);
      renameDurably(path, this.path(model, day));
    }
    const record: DayRecord = { format: 1, ...made, rows: Object.fromEntries(rows) as DayRecord['rows'] };
    writeDurably(this.recordPath(day), `${JSON.stringify(record)}\n`);
    return record;
  }

  private get work(): string {
    return join(this.folder, '_work');
  }

  /** The file of a published day. */
  path(model: BatchModel, day: string): string {
    return join(this.folder, model, `day=${day}`, 'part.parquet');
  }

  private recordPath(day: string): string {
    return join(this.folder, '_days', `${day}.json`);
  }
}

function readDocument<T>(path: string): T | null {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (cause) {
    throw new SkillForgeError('SFS_BATCH_OUTPUT', `${path} cannot be understood: ${errorMessageOf(cause)}`, { cause, context: { path } });
  }
}
