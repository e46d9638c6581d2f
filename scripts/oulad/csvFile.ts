/** One CSV file of a data set's folder, gzip-compressed or not, with named columns. */
import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { errorMessageOf, SkillForgeError, type ErrorCode } from '../../schemas/errors.js';
import { LineWindow } from './csvLines.js';
import { CsvRows } from './csvRows.js';

const CHUNK_BYTES = 64 * 1024;
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * A CSV file whose header names the columns; their order is free and further ones are allowed.
 *
 * @example
 * const file = await CsvFile.find(folder, 'vle', ['id_site', 'activity_type']);
 * for await (const rows of file.batches()) {
 *   const { id_site } = rows.columns;
 *   for (let row = 0; row < rows.count; row++) {
 *     if (rows.problem(row) === null) console.log(rows.line(row), rows.text(row, id_site));
 *   }
 * }
 */
export class CsvFile<C extends string> {
  #stream: ReadStream | null = null;

  private constructor(
    readonly path: string,
    /** Size on disk. Unit: bytes. */
    readonly sizeBytes: number,
    readonly columns: readonly C[],
  ) {}

  /**
   * Finds `<name>.csv` or, when there is none, `<name>.csv.gz`.
   *
   * @throws SFS_IMPORT_MISSING with the path expected
   */
  static async find<C extends string>(folder: string, name: string, columns: readonly C[]): Promise<CsvFile<C>> {
    const path = await pathOfCsv(folder, name);
    if (path !== null) return new CsvFile(path, (await stat(path)).size, columns);
    const expected = join(folder, `${name}.csv.gz`);
    throw new SkillForgeError('SFS_IMPORT_MISSING', `${expected} (or ${name}.csv) is missing; name the folder that holds the files of the data set`, {
      context: { file: expected, folder },
    });
  }

  /** How much of the file was read. Unit: bytes on disk. */
  get bytesRead(): number {
    return this.#stream?.bytesRead ?? 0;
  }

  /**
   * All rows in file order. The batch is one object that is filled again for each step. Memory does not grow with the file.
   *
   * @throws SFS_IMPORT_HEADER when a column is missing; SFS_IMPORT_CORRUPT with the position when the compression is
   * damaged or the file ends too early; SFS_IMPORT_UNREADABLE when the system refuses. Rows before the damage come first.
   */
  async *batches(): AsyncGenerator<CsvRows<C>> {
    const window = new LineWindow(this.path);
    let rows: CsvRows<C> | null = null;
    try {
      for await (const chunk of this.#open()) {
        window.add(chunk as Buffer);
        rows ??= this.#header(window, false);
        while (rows?.fill(window, false) === true) yield rows;
      }
      rows ??= this.#header(window, true);
      while (rows?.fill(window, true) === true) yield rows;
    } catch (cause) {
      throw this.#readError(cause, window.lines);
    }
    if (rows === null) throw this.#headerError('the file is empty');
  }

  #open(): AsyncIterable<unknown> {
    const file = createReadStream(this.path, { highWaterMark: CHUNK_BYTES });
    this.#stream = file;
    if (!this.path.endsWith('.gz')) return file;
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    // The pipeline hands errors and an early end on in both directions; who reads `gunzip` sees them.
    pipeline(file, gunzip, () => undefined);
    return gunzip;
  }

  #header(window: LineWindow, isLast: boolean): CsvRows<C> | null {
    const text = window.takeText(isLast);
    if (text === null) return null;
    const names = text.replace(BYTE_ORDER_MARK, '').split(',').map(unquoted);
    const wrong = this.columns.filter((column) => names.indexOf(column) < 0 || names.indexOf(column) !== names.lastIndexOf(column));
    if (wrong.length > 0) throw this.#headerError(`the header does not name ${wrong.join(', ')} once; it is ${JSON.stringify(text.slice(0, 200))}`);
    const places = Object.fromEntries(this.columns.map((column) => [column, names.indexOf(column)])) as Record<C, number>;
    return new CsvRows(places, names.length);
  }

  #headerError(what: string): SkillForgeError {
    return this.#error('SFS_IMPORT_HEADER', `${what}; expected are the columns ${this.columns.join(', ')}`, { line: 1 });
  }

  #readError(cause: unknown, line: number): SkillForgeError {
    if (cause instanceof SkillForgeError) return cause;
    const isCompression = String((cause as { code?: unknown } | null)?.code).startsWith('Z_');
    const where = { line, bytesRead: this.bytesRead, cause };
    if (!isCompression) return this.#error('SFS_IMPORT_UNREADABLE', `cannot be read: ${errorMessageOf(cause)}`, where);
    const position = `after line ${line}, within the first ${this.bytesRead} of ${this.sizeBytes} compressed bytes`;
    return this.#error('SFS_IMPORT_CORRUPT', `is damaged or cut off ${position}: ${errorMessageOf(cause)}`, where);
  }

  #error(code: ErrorCode, message: string, where: { readonly line: number; readonly bytesRead?: number; readonly cause?: unknown }): SkillForgeError {
    const { cause, ...position } = where;
    return new SkillForgeError(code, `${this.path}: ${message}`, { cause, context: { file: this.path, ...position } });
  }
}

/** The path of `<name>.csv` or, when there is none, of `<name>.csv.gz`; `null` when there is neither. */
export async function pathOfCsv(folder: string, name: string): Promise<string | null> {
  for (const path of [join(folder, `${name}.csv`), join(folder, `${name}.csv.gz`)]) {
    const found = await stat(path).catch(() => null);
    if (found?.isFile() === true) return path;
  }
  return null;
}

const unquoted = (name: string): string => (name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1) : name);
