/** `skillforge topics read`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { SkillForgeError, errorCodeOf, errorMessageOf } from '../../schemas/index.js';
import { isMarker, readHeader } from '../../runtime/engine/header.js';
import { partitionOf } from '../../schemas/partitioner.js';
import type { LogRecord, PartitionRange, ToolAccess } from '../../runtime/ports.js';
import type { ValueDecoder } from '../../runtime/replay/sides.js';
import { EVENT_TIME_FIELDS, eventTimeOf } from './eventTime.js';
import { wholeNumber } from './options.js';
import { jsonOf, print, printJson, printable, timeText } from './output.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';
import { decoderOf, findTopic } from './topicCodecs.js';

interface ReadOptions extends ToolOptions {
  readonly partition?: number;
  readonly from: number | 'earliest' | 'latest';
  readonly key?: string;
  readonly follow?: true;
  readonly limit?: number;
  readonly markers?: true;
}

const DESCRIPTION = `Prints the records of a topic, decoded: partition and offset, event time, append time (when the log took the record), key and value;
partition after partition, and in the order of arrival with --follow. The event time is the one that the topology gave a record which
it wrote; of other records it is the first field of the value among ${EVENT_TIME_FIELDS.join(', ')}. The topic is named with or
without its region. Works beside a running "run".
Values whose schema is not known, or that do not decode, are shown as base64 with the reason.`;

/** Prints records. */
export function topicsReadCommand(): Command {
  return toolCommand('read <topic>', 'print the records of a topic', DESCRIPTION, [
    'skillforge topics read clicks --limit 5',
    'skillforge topics read learner-features --key course-1-learner-7 --json',
    'skillforge topics read item-trends --from latest --follow',
    'skillforge topics read clicks --limit 5 --kafka localhost:9092 --redis redis://localhost:6379',
  ])
    .option('--partition <n>', 'only this partition', wholeNumber(0))
    .option('--from <offset>', 'first offset, or earliest, or latest', offsetOf, 'earliest')
    .option('--key <key>', 'only this key (in the partition that it hashes to)')
    .option('--follow', 'go on with what comes, until Ctrl+C')
    .option('--limit <n>', 'stop after so many records', wholeNumber(1))
    .option('--markers', 'also show the markers that carry watermarks')
    .action(read);
}

function offsetOf(text: string): number | 'earliest' | 'latest' {
  if (text === 'earliest' || text === 'latest') return text;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError('Give an offset, earliest or latest.');
}

async function read(name: string, options: ReadOptions): Promise<void> {
  await readingTools(options, async (tools) => {
    const spec = findTopic(await tools.topics(), options.region, name);
    const starts = firstOffsets(await tools.ranges(spec.name), spec.name, options);
    const reading = new TopicReading(tools, spec.name, starts, options);
    const signal = options.follow ? stopSignal() : null;
    while ((await reading.pass()) && signal?.aborted === false) await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    if (reading.shown === 0) process.stderr.write('no records\n');
  });
}

const POLL_MS = 100;

/** Fires at Ctrl+C: the end of what was asked for, not a failure. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

/** Where reading begins in each partition that is asked for. @throws SFS_PARTITION_UNKNOWN */
function firstOffsets(ranges: readonly PartitionRange[], topic: string, options: ReadOptions): Map<number, number> {
  const { from } = options;
  const starts = new Map<number, number>();
  for (const partition of partitionsOf(ranges.length, options)) {
    const range = ranges[partition];
    if (range === undefined) throw new SkillForgeError('SFS_PARTITION_UNKNOWN', `topic ${topic} has no partition ${partition}`);
    starts.set(partition, from === 'earliest' ? range.start : from === 'latest' ? range.end : from);
  }
  return starts;
}

function partitionsOf(count: number, { partition, key }: ReadOptions): number[] {
  if (partition !== undefined) return [partition];
  if (key !== undefined) return [partitionOf(Buffer.from(key), count)];
  return [...Array(count).keys()];
}

/** Where a reader is in each partition. */
class TopicReading {
  private readonly decode: ValueDecoder | null;
  private readonly most: number;
  /** Records printed. */
  shown = 0;

  constructor(
    private readonly tools: ToolAccess,
    private readonly topic: string,
    private readonly next: Map<number, number>,
    private readonly options: ReadOptions,
  ) {
    this.decode = decoderOf(tools, topic);
    this.most = options.limit ?? Infinity;
  }

  /** Prints what there is. Returns false when the limit is reached. */
  async pass(): Promise<boolean> {
    const ranges = await this.tools.ranges(this.topic);
    for (const [partition, from] of this.next) {
      const { end } = ranges[partition]!;
      if (from >= end) continue;
      for await (const record of this.tools.records(this.topic, partition, from)) {
        if (this.shown >= this.most) return false;
        this.next.set(partition, record.offset + 1);
        if (this.isWanted(record)) this.show(partition, record);
      }
      // What is left up to there are no records.
      this.next.set(partition, Math.max(this.next.get(partition)!, end));
    }
    return this.shown < this.most;
  }

  private isWanted(record: LogRecord): boolean {
    const { key, markers } = this.options;
    if (!markers && isMarker(record.header)) return false;
    return key === undefined || record.key?.toString() === key;
  }

  private show(partition: number, record: LogRecord): void {
    this.shown++;
    const { offset, appendTimeMs } = record;
    const key = record.key?.toString() ?? null;
    const content = isMarker(record.header) ? { marker: markerOf(record) } : contentOf(record, this.decode);
    const eventTimeMs = eventTimeOf(record, content.value);
    if (this.options.json) return printJson({ topic: this.topic, partition, offset, eventTimeMs, appendTimeMs, key, ...content });
    const times = `event ${timeText(eventTimeMs)}  appended ${timeText(appendTimeMs)}`;
    print(`${partition}:${offset}  ${times}  ${key === null ? '(no key)' : printable(key)}  ${contentText(content)}`);
  }
}

interface Content {
  readonly value?: unknown;
  readonly bytes?: Buffer;
  readonly error?: { readonly code: string; readonly message: string };
  readonly marker?: unknown;
}

function contentOf({ key, value }: LogRecord, decode: ValueDecoder | null): Content {
  if (value === null) return { value: null };
  if (decode === null) return { bytes: value, error: { code: 'SFS_SCHEMA_UNKNOWN', message: 'no topology that ran here declares this topic' } };
  try {
    return { value: decode(key?.toString() ?? '', value) };
  } catch (error) {
    return { bytes: value, error: { code: errorCodeOf(error), message: errorMessageOf(error) } };
  }
}

function markerOf({ header }: LogRecord): unknown {
  const { producer, watermarkMs, streamTimeMs, idle, end } = readHeader(header)!;
  return { producer: `${producer.name}/${producer.partition}`, watermark: timeText(watermarkMs), streamTime: timeText(streamTimeMs), idle, end };
}

function contentText({ value, bytes, error, marker }: Content): string {
  if (marker !== undefined) return `marker ${jsonOf(marker)}`;
  if (error !== undefined) return `${error.code}: ${printable(error.message)}; bytes ${bytes!.toString('base64')}`;
  return value === null ? '(tombstone)' : jsonOf(value);
}
