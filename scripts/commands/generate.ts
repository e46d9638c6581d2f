/** `skillforge generate`. */
import { InvalidArgumentError, type Command } from 'commander';
import {
  claimSchool,
  DAY_MS,
  DEFAULT_SCHOOL,
  School,
  schoolOptions,
  shifted,
  truthLines,
  withoutGaps,
  type SchoolOptions,
  type SchoolRequest,
} from '../school/index.js';
import { writingFolder } from './folder.js';
import { folderCommand, wholeNumber, type FolderOptions } from './options.js';
import { countText, countedText, print, printJson, secondsText, timeText } from './output.js';
import { PartialFile } from './partialFile.js';
import { ProgressLine } from './progressLine.js';
import { fileOutput, serverOutput, topicOutput, writeSchool, type SchoolCounts, type SchoolOutput } from './schoolOutput.js';
import { openServers, withServerOptions, type ServerOptions } from './serverOptions.js';

interface GenerateOptions extends FolderOptions, ServerOptions, Partial<Omit<SchoolOptions, 'region' | 'startMs'>> {
  readonly start?: number;
  readonly jsonl?: string;
  readonly truth?: string;
  readonly shiftFrom?: number;
}

const DESCRIPTION = `Writes a school that does not exist into the topics catalogue, profiles, lms-events, quiz-results and clicks: courses whose units open
week by week, learners who come, leave and learn at their hours, quizzes, deadlines, new and withdrawn items. The same options give the same
records. A call that was cut off is repeated without doubling, and one with more --days goes on; options that are left out are those of
the school that the folder has. A folder has one school a region. With --kafka and --redis the topics are there, and workers may run meanwhile.

--jsonl writes files of JSON lines instead, one a topic, as "topics write" takes them. --truth writes what no event says: for each learner
and course what they would open next, and why. --shift-from lets learners do something else from a day on, so that drift can be seen.`;

/** Generates a school. */
export function generateCommand(): Command {
  const plain = folderCommand('generate', 'write a synthetic school into the folder', DESCRIPTION, [
    'skillforge generate',
    'skillforge generate --learners 5000 --days 28 --events-per-day 40000 --seed 7',
    'skillforge generate --jsonl ./school --truth ./school/truth.jsonl',
    'skillforge generate --kafka localhost:9092 --redis redis://localhost:6379',
  ]);
  const { seed, learners, courses, items, days, eventsPerDay, lateShare, duplicateShare } = DEFAULT_SCHOOL;
  return withServerOptions(plain)
    .option('--seed <n>', `another seed gives another school of the same kind (default: ${seed})`, wholeNumber(-Infinity))
    .option('--learners <n>', `learners in all (default: ${learners})`, wholeNumber(1))
    .option('--courses <n>', `courses (default: ${courses})`, wholeNumber(1))
    .option('--items <n>', `items of each course (default: ${items})`, wholeNumber(1))
    .option('--days <n>', `days (default: ${days})`, wholeNumber(1))
    .option('--events-per-day <n>', `clicks of a day, on the average of a week (default: ${eventsPerDay})`, wholeNumber(1))
    .option('--start <date>', `first day, such as ${timeText(DEFAULT_SCHOOL.startMs).slice(0, 10)}, which is the default`, firstDay)
    .option('--late-share <part>', `part of the sessions that come up to half an hour late (default: ${lateShare})`, share)
    .option('--duplicate-share <part>', `part of the clicks and results that come twice (default: ${duplicateShare})`, share)
    .option('--jsonl <dir>', 'write files into this folder, and nothing into topics')
    .option('--truth <file>', 'write the truth as of the end, as JSON lines')
    .option('--shift-from <date>', 'first day on which learners click five times as much, on whatever item of the course', firstDay)
    .action(generate);
}

function share(text: string): number {
  const number = Number(text);
  if (/^[\d.]+$/.test(text) && number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError('Give a part of 1, such as 0.05.');
}

function firstDay(text: string): number {
  const timeMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  // Such as February 30, which comes out as a day of March.
  if (timeMs >= 0 && timeText(timeMs).startsWith(text)) return timeMs;
  throw new InvalidArgumentError('Give a day such as 2025-09-01.');
}

async function generate(options: GenerateOptions): Promise<void> {
  const startMs = performance.now();
  const { school, counts } = options.jsonl === undefined ? await intoTopics(options) : await intoFiles(options.jsonl, options);
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) printJson({ summary: { school: school.options, ...counts, seconds } });
  else print(generatedText(counts, seconds));
}

interface Generated {
  readonly school: School;
  readonly counts: SchoolCounts;
}

function intoTopics(options: GenerateOptions): Promise<Generated> {
  if (options.kafka !== undefined) return ontoServers(options);
  return writingFolder(options.data, options.json === true, async (storage) => {
    const school = new School(await claimSchool(storage, requestOf(options)));
    return generated(school, topicOutput(storage, school.options), options);
  });
}

async function ontoServers(options: GenerateOptions): Promise<Generated> {
  const servers = await openServers(options);
  try {
    const tools = servers.cluster.tools();
    const school = new School(await claimSchool({ ...tools, documents: servers.cluster.documents }, requestOf(options)));
    return await generated(school, await serverOutput(tools, school.options), options);
  } finally {
    await servers.close();
  }
}

async function intoFiles(folder: string, options: GenerateOptions): Promise<Generated> {
  const school = new School(schoolOptions(withoutGaps(requestOf(options))));
  return generated(school, await fileOutput(folder), options);
}

async function generated(school: School, output: SchoolOutput, { json, truth, shiftFrom }: GenerateOptions): Promise<Generated> {
  const { days, eventsPerDay, startMs } = school.options;
  const line = new ProgressLine(json === true);
  try {
    const total = days * eventsPerDay;
    // Days of the week differ: the last clicks may be more than the average says.
    const tell = (done: number): void => line.update({ what: 'generating', done, total: Math.max(done, total), unit: 'clicks' });
    const counts = await writeSchool(shiftFrom === undefined ? school : shifted(school, shiftFrom), output, tell);
    if (truth !== undefined) await writeTruth(school, startMs + days * DAY_MS, truth);
    return { school, counts };
  } finally {
    line.end();
  }
}

async function writeTruth(school: School, atMs: number, path: string): Promise<void> {
  const file = await PartialFile.open(path);
  try {
    for (const truth of truthLines(school, atMs)) await file.add([truth]);
    await file.finish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

function requestOf({ seed, learners, courses, items, days, eventsPerDay, start, region, lateShare, duplicateShare }: GenerateOptions): SchoolRequest {
  return { seed, learners, courses, items, days, eventsPerDay, startMs: start, lateShare, duplicateShare, region };
}

function generatedText({ topics, written, alreadyThere }: SchoolCounts, seconds: number): string {
  const parts = Object.entries(topics).map(([topic, count]) => `${topic} ${countText(count)}`);
  const before = alreadyThere > 0 ? `; ${countText(alreadyThere)} were there already` : '';
  return `wrote ${countedText(written, 'record')} in ${secondsText(seconds)}${before}\nthe school has ${parts.join(', ')}`;
}
