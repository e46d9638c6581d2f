/** The file of a copy of the state: JSON lines, of which the last one has the digest of all before it. */
import { createHash } from 'node:crypto';
import { SkillForgeError } from '../../schemas/index.js';
import type { SnapshotChunk } from '../../runtime/redis/index.js';
import { fileBytes, linesOf } from './jsonLines.js';
import { PartialFile } from './partialFile.js';

/** The first line. */
export interface StateFileHead {
  readonly region: string;
  /** Wall clock, ms since epoch. */
  readonly madeAtMs: number;
}

/** A line between the first and the last. Bytes are base64. The pieces of a task follow its `task`. */
export type StateLine =
  | { readonly document: string; readonly value: string }
  | { readonly task: string }
  | { readonly begin: string; readonly progress: string }
  | { readonly store: string; readonly key: string; readonly value: string }
  | { readonly queue: string; readonly timeMs: number; readonly tiebreak: string; readonly payload: string }
  | { readonly end: true };

/** How the format of every version begins. */
export const STATE_FORMATS = 'skillforge-state/';
const FORMAT = `${STATE_FORMATS}1`;
/** A row has no bound of its own. */
export const MOST_LINE_BYTES = 512 << 20;

/** Writes a file, which has its name only when it is whole. */
export class StateFileWriter {
  private readonly hash = createHash('sha256');
  private lines = 0;

  private constructor(private readonly file: PartialFile) {}

  /** @throws SFS_FILE_UNWRITABLE */
  static async open(path: string, head: StateFileHead): Promise<StateFileWriter> {
    const writer = new StateFileWriter(await PartialFile.open(path));
    await writer.write([{ format: FORMAT, ...head }]);
    return writer;
  }

  /** @throws SFS_FILE_UNWRITABLE */
  add(lines: readonly StateLine[]): Promise<void> {
    return this.write(lines);
  }

  /** @throws SFS_FILE_UNWRITABLE */
  async finish(): Promise<void> {
    await this.file.add([{ lines: this.lines, sha256: this.hash.digest('hex') }]);
    await this.file.finish();
  }

  /** Leaves nothing behind. */
  discard(): Promise<void> {
    return this.file.discard();
  }

  private async write(lines: readonly object[]): Promise<void> {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    this.hash.update(text);
    this.lines += lines.length;
    await this.file.addText(text);
  }
}

/** Reads the lines between the first and the last, after the first was looked at. @throws SFS_FILE_UNREADABLE, SFS_SNAPSHOT_INVALID at what is damaged, at the end where the digest differs */
export async function* readStateFile(path: string): AsyncGenerator<StateLine, StateFileHead, undefined> {
  const hash = createHash('sha256');
  let [head, ended, count]: [StateFileHead | null, boolean, number] = [null, false, 0];
  for await (const lines of linesOf(fileBytes(path), MOST_LINE_BYTES)) {
    for (const { raw, number } of lines) {
      if (ended) throw invalid(path, `line ${number} comes after its end`);
      const line = parsed(path, number, raw);
      if ('sha256' in line) {
        assertEnd(path, line, { sha256: hash.digest('hex'), lines: count });
        ended = true;
        continue;
      }
      hash.update(raw).update('\n');
      count++;
      if (head === null) head = headOf(path, line);
      else yield line as unknown as StateLine;
    }
  }
  if (!ended) throw invalid(path, 'its end is missing');
  return head!;
}

function assertEnd(path: string, line: Readonly<Record<string, unknown>>, found: { readonly sha256: string; readonly lines: number }): void {
  if (line['sha256'] !== found.sha256 || line['lines'] !== found.lines) throw invalid(path, 'its digest is not that of its content');
}

function parsed(path: string, line: number, raw: Buffer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(raw.toString()) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw invalid(path, `line ${line} is no JSON`, cause);
  }
}

function headOf(path: string, line: Readonly<Record<string, unknown>>): StateFileHead {
  if (line['format'] !== FORMAT) throw invalid(path, `it does not begin as one of format ${FORMAT}`);
  return line as unknown as StateFileHead;
}

function invalid(path: string, reason: string, cause?: unknown): SkillForgeError {
  return new SkillForgeError('SFS_SNAPSHOT_INVALID', `${path} is no whole copy of state: ${reason}`, { cause, context: { path } });
}

/** A piece of a copy as lines. */
export function linesOfChunk(chunk: SnapshotChunk): StateLine[] {
  switch (chunk.kind) {
    case 'begin':
      return [{ begin: chunk.applied, progress: chunk.progress.toString('base64') }];
    case 'rows':
      return chunk.rows.map(({ key, value }) => ({ store: chunk.store, key, value: value.toString('base64') }));
    case 'queue':
      return chunk.entries.map(({ payload, ...place }) => ({ ...place, payload: payload.toString('base64') }));
    case 'end':
      return [{ end: true }];
  }
}

/** A line of a task as a piece of its copy; `null` for lines that are none. */
export function chunkOfLine(line: StateLine): SnapshotChunk | null {
  if ('begin' in line) return { kind: 'begin', applied: line.begin, progress: bytes(line.progress) };
  if ('store' in line) return { kind: 'rows', store: line.store, rows: [{ key: line.key, value: bytes(line.value) }] };
  if ('queue' in line) return { kind: 'queue', entries: [{ ...line, payload: bytes(line.payload) }] };
  return 'end' in line ? { kind: 'end' } : null;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
