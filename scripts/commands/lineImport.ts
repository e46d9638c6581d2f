/** Writes JSON lines into a topic; a file that was cut off can be repeated. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { assertOwnRegion, errorCodeOf, errorMessageOf, schemaOf, type Topic } from '../../schemas/index.js';
import { toolsOf } from '../../runtime/localTools.js';
import type { LocalStorage, ToolAccess } from '../../runtime/ports.js';
import { fileBytes, linesOf, type Line } from './jsonLines.js';
import { JsonValues } from './jsonValues.js';
import { RecordAppender, appendingTo, prepareTopics, type RejectedLine } from './recordAppender.js';

/** Where lines come from: a file, or a stream that cannot be read twice. */
export type LineInput = { readonly path: string } | { readonly stream: AsyncIterable<Buffer> };

/** How to write lines. */
export interface LineImportOptions {
  readonly region: string;
  /** Promise made after the last line: no record of an event time before it comes any more, ms since epoch. */
  readonly clockMs?: number | undefined;
  readonly onLines: (lines: number) => void;
  readonly onReject: (rejected: RejectedLine) => void;
}

/** What was written. */
export interface LineImportResult {
  /** Source of the dead letters, such as `write/clicks/monday.jsonl`. */
  readonly source: string;
  readonly written: number;
  /** Records that an earlier call with the same file had written. */
  readonly alreadyThere: number;
  /** Lines that this call sent to the dead letters. */
  readonly rejected: number;
  readonly rejectedBefore: number;
}

/** What a writer has behind it. */
interface LineProgress {
  readonly lines: number;
  readonly written: number;
  readonly rejected: number;
}

const NOTHING: LineProgress = { lines: 0, written: 0, rejected: 0 };

/**
 * Appends one record for each line that is not empty: keyed by the topic's key fields, checked against its schema. A line that does
 * not fit, or is of another region, becomes a dead letter, without the fields that the schema does not have. The same file (by its bytes) goes on where an earlier call
 * was cut off; a stream is appended as it comes.
 *
 * @throws SFS_EVENT_TIME_INVALID, SFS_FILE_UNREADABLE, SFS_LINE_INVALID for a line above 1 MiB, SFS_TOPIC_MISMATCH, SFS_FENCED, and what
 * registering schemas and a commit throw
 */
export async function importLines(
  opened: LocalStorage | ToolAccess,
  topic: Topic<string, unknown>,
  input: LineInput,
  options: LineImportOptions,
): Promise<LineImportResult> {
  const { region } = options;
  const [name, identity] = 'path' in input ? [basename(input.path), await digestOf(input.path)] : ['stdin', 'stdin'];
  const source = `write/${topic.name}/${name}`;
  const tools = toolsOf(opened);
  await prepareTopics(tools, region, topic);
  const writer = await tools.writer(`write/${region}/${topic.name}/${identity}`, []);
  try {
    const appender = new RecordAppender(appendingTo(writer, tools.schemas), topic, region, identity);
    const before = 'path' in input ? (appender.progress<LineProgress>() ?? NOTHING) : NOTHING;
    const writing = new LineWriting(appender, { topic, values: new JsonValues(schemaOf(topic)) }, source, before, options);
    for await (const lines of linesOf('path' in input ? fileBytes(input.path) : input.stream)) await writing.write(lines);
    await writing.end();
    await appender.finish();
    return resultOf(source, before, writing.progress);
  } finally {
    await writer.close();
  }
}

const resultOf = (source: string, before: LineProgress, { written, rejected }: LineProgress): LineImportResult => ({
  source,
  written: written - before.written,
  alreadyThere: before.written,
  rejected: rejected - before.rejected,
  rejectedBefore: before.rejected,
});

class LineWriting {
  progress: LineProgress;

  constructor(
    private readonly appender: RecordAppender<unknown>,
    private readonly of: { readonly topic: Topic<string, unknown>; readonly values: JsonValues },
    private readonly source: string,
    private readonly before: LineProgress,
    private readonly options: LineImportOptions,
  ) {
    this.progress = before;
  }

  async write(lines: readonly Line[]): Promise<void> {
    for (const line of lines) if (line.number > this.before.lines) this.take(line);
    if (this.progress.lines === this.before.lines) return;
    await this.appender.commit(this.progress);
    this.options.onLines(this.progress.lines);
  }

  /** Promises that nothing earlier comes, where that was asked for. */
  async end(): Promise<void> {
    const { clockMs } = this.options;
    if (clockMs === undefined) return;
    this.appender.clock(clockMs);
    await this.appender.commit(this.progress);
  }

  private take({ number, raw }: Line): void {
    let { written, rejected } = this.progress;
    if (!isBlank(raw)) {
      if (this.isTaken(number, raw)) written++;
      else rejected++;
    }
    this.progress = { lines: number, written, rejected };
  }

  private isTaken(line: number, raw: Buffer): boolean {
    try {
      const value = this.of.values.read(raw);
      assertOwnRegion(this.of.topic, value, this.options.region);
      this.appender.add(value);
      return true;
    } catch (error) {
      const refused = { line, raw, code: errorCodeOf(error), reason: errorMessageOf(error) };
      this.appender.reject(this.source, { ...refused, raw: this.of.values.withoutUnknown(raw) });
      this.options.onReject(refused);
      return false;
    }
  }
}

const isBlank = (raw: Buffer): boolean => raw.every((byte) => byte === 32 || byte === 9);

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of fileBytes(path)) hash.update(chunk);
  return hash.digest('hex');
}
