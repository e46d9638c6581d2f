/** A bounded window onto a stream of bytes, from which whole lines are taken. */
import { SkillForgeError } from '../../schemas/errors.js';

const LF = 10;
const INITIAL_BYTES = 128 * 1024;
/** A longer line means that the file is not what it claims to be; keeping it would make memory unbounded. */
const MAX_LINE_BYTES = 1024 * 1024;

/** Keeps what is left of the last chunk in front of the next one, in one buffer that is used again. */
export class LineWindow {
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** The bytes that are not taken yet. Valid until the next {@link add}. */
  rest: Buffer = this.#buffer.subarray(0, 0);
  /** Lines taken; the first line of a file is 1. */
  lines = 0;

  constructor(readonly path: string) {}

  /** Appends a chunk. @throws SFS_IMPORT_CORRUPT when one line is above 1 MiB */
  add(chunk: Buffer): void {
    const kept = this.rest.length;
    if (kept > MAX_LINE_BYTES) throw this.#lineTooLong();
    const target = kept + chunk.length <= this.#buffer.length ? this.#buffer : Buffer.allocUnsafeSlow(2 * (kept + chunk.length));
    this.rest.copy(target, 0);
    chunk.copy(target, kept);
    this.#buffer = target;
    this.rest = target.subarray(0, kept + chunk.length);
  }

  /** Marks bytes, which end with `lines` lines, as taken. */
  take(bytes: number, lines: number): void {
    this.rest = this.rest.subarray(bytes);
    this.lines += lines;
  }

  /** Takes one line as text, without its end; `null` when it is not complete. `isLast` says that no chunk follows. */
  takeText(isLast: boolean): string | null {
    const newline = this.rest.indexOf(LF);
    if (newline < 0 && (!isLast || this.rest.length === 0)) return null;
    const end = newline < 0 ? this.rest.length : newline;
    const text = this.rest.toString('utf8', 0, end);
    this.take(newline < 0 ? end : end + 1, 1);
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }

  #lineTooLong(): SkillForgeError {
    const line = this.lines + 1;
    return new SkillForgeError(
      'SFS_IMPORT_CORRUPT',
      `${this.path}: line ${line} is longer than ${MAX_LINE_BYTES} bytes, so this is no CSV file of the data set`,
      {
        context: { file: this.path, line },
      },
    );
  }
}
