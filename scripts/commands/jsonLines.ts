/** Cuts a stream of bytes into lines. */
import { createReadStream } from 'node:fs';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';

/** A line of a file, without its end. */
export interface Line {
  /** The first one is 1. */
  readonly number: number;
  readonly raw: Buffer;
}

const LF = 10;
const CR = 13;
/** A longer line means that the input is something else; keeping it would make memory unbounded. */
const MAX_LINE_BYTES = 1024 * 1024;

/** The bytes of a file. @throws SFS_FILE_UNREADABLE as they are read */
export async function* fileBytes(path: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Buffer;
  } catch (cause) {
    throw new SkillForgeError('SFS_FILE_UNREADABLE', `${path} cannot be read: ${errorMessageOf(cause)}`, { cause, context: { path } });
  }
}

/**
 * The lines that each chunk completes, the last one also without an end.
 * @param mostBytes - 1 MiB unless given
 * @throws SFS_LINE_INVALID for a line that is longer
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, mostBytes = MAX_LINE_BYTES): AsyncGenerator<readonly Line[], void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const lines: Line[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LF, rest.length); end >= 0; end = bytes.indexOf(LF, start)) {
      lines.push({ number: ++number, raw: withoutReturn(bytes.subarray(start, end)) });
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > mostBytes) throw lineTooLong(number + 1, mostBytes);
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) yield [{ number: number + 1, raw: withoutReturn(rest) }];
}

const withoutReturn = (line: Buffer): Buffer => (line.at(-1) === CR ? line.subarray(0, -1) : line);

function lineTooLong(line: number, mostBytes: number): SkillForgeError {
  return new SkillForgeError('SFS_LINE_INVALID', `line ${line} is longer than ${mostBytes} bytes: these are no JSON lines`, {
    context: { line },
  });
}
