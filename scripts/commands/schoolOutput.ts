/** Where a generated school goes: into the topics of a folder, or into files of JSON lines. */
import { join } from 'node:path';
import type { LocalStorage, NamedWriter, ToolAccess } from '../../runtime/ports.js';
import {
  SCHOOL_TOPICS,
  SchoolWriter,
  endsHour,
  schoolWriters,
  type School,
  type SchoolOptions,
  type SchoolStep,
  type SchoolTopic,
} from '../school/index.js';
import { PartialFile } from './partialFile.js';
import { appendingTo, prepareTopics, type AppendStorage } from './recordAppender.js';

/** Takes the steps of a school, from the first one on. */
export interface SchoolOutput {
  /** Records that were not written, because an earlier call had written them. */
  readonly alreadyThere: number;
  write(step: SchoolStep): Promise<void>;
  /** Resolves when all is durable. */
  finish(): Promise<void>;
  /** What is to be undone when the work fails. */
  discard(): Promise<void>;
}

/** What a school told. */
export interface SchoolCounts {
  /** Records by topic. */
  readonly topics: Readonly<Record<string, number>>;
  /** Records in all that were written now. */
  readonly written: number;
  readonly alreadyThere: number;
}

const NAMES = Object.keys(SCHOOL_TOPICS) as SchoolTopic[];

/** Name of a file of JSON lines. */
export const fileNameOf = (topic: SchoolTopic): string => `${SCHOOL_TOPICS[topic].name}.jsonl`;

/** The topics of a folder; clocks are told at the end of each hour. @throws SFS_TOPIC_MISMATCH */
export const topicOutput = (storage: LocalStorage, options: SchoolOptions): SchoolOutput =>
  outputOver(
    () => storage,
    options,
    () => Promise.resolve(),
  );

/**
 * The topics of servers, with the clocks, each hour of each topic in a transaction; beside running workers.
 * @throws SFS_TOPIC_MISMATCH, SFS_FENCED once another one writes the school, and what registering schemas and a commit throw
 */
export async function serverOutput(tools: ToolAccess, options: SchoolOptions): Promise<SchoolOutput> {
  const { region } = options;
  for (const name of NAMES) await prepareTopics(tools, region, SCHOOL_TOPICS[name]);
  const writers = new Map<string, NamedWriter>();
  const close = async (): Promise<void> => {
    for (const writer of writers.values()) await writer.close();
  };
  try {
    for (const name of schoolWriters(region)) writers.set(name, await tools.writer(name, []));
    return outputOver((name) => appendingTo(writers.get(name)!, tools.schemas), options, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param close - called at the end, whichever it is */
function outputOver(storageOf: (writer: string) => AppendStorage, options: SchoolOptions, close: () => Promise<void>): SchoolOutput {
  const writer = new SchoolWriter(storageOf, options);
  return {
    get alreadyThere() {
      return writer.counts.alreadyThere;
    },
    write: (step) => writer.write(step, endsHour(step)),
    finish: async () => {
      await writer.finish();
      await close();
    },
    discard: close,
  };
}

/** One file a topic, such as `clicks.jsonl`: what `skillforge topics write` takes. @throws SFS_FILE_UNWRITABLE */
export async function fileOutput(folder: string): Promise<SchoolOutput> {
  const files = new Map<SchoolTopic, PartialFile>();
  const discard = async (): Promise<void> => {
    for (const file of files.values()) await file.discard();
  };
  for (const name of NAMES) files.set(name, await PartialFile.open(join(folder, fileNameOf(name))));
  return {
    alreadyThere: 0,
    write: async (step) => {
      for (const [name, file] of files) await file.add(step[name]);
    },
    finish: async () => {
      for (const file of files.values()) await file.finish();
    },
    discard,
  };
}

/**
 * Writes the whole school.
 *
 * @param onClicks - called after each step with the clicks up to it
 * @throws what writing throws
 */
export async function writeSchool(school: Pick<School, 'steps'>, output: SchoolOutput, onClicks: (clicks: number) => void): Promise<SchoolCounts> {
  const counts: Record<SchoolTopic, number> = { catalogue: 0, profiles: 0, lmsEvents: 0, quizResults: 0, clicks: 0 };
  try {
    for (const step of school.steps()) {
      await output.write(step);
      for (const name of NAMES) counts[name] += step[name].length;
      onClicks(counts.clicks);
    }
    await output.finish();
  } catch (error) {
    await output.discard();
    throw error;
  }
  const all = NAMES.reduce((sum, name) => sum + counts[name], 0);
  const { alreadyThere } = output;
  return { topics: Object.fromEntries(NAMES.map((name) => [SCHOOL_TOPICS[name].name, counts[name]])), written: all - alreadyThere, alreadyThere };
}
