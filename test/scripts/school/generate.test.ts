import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { physicalTopicName, type Click, type Opened, type Recommendation } from '../../../schemas/index.js';
import { countsOf } from '../../../scripts/commands/reconciliation.js';
import { checkedTopologies } from '../../../scripts/commands/run.js';
import { fileNameOf, fileOutput, topicOutput, writeSchool } from '../../../scripts/commands/schoolOutput.js';
import { decoderOf } from '../../../scripts/commands/topicCodecs.js';
import { runTopologies } from '../../../scripts/commands/topologyRun.js';
import { School, SCHOOL_TOPICS, claimSchool, type TruthLine } from '../../../scripts/school/index.js';
import { ownTopologyFiles } from '../../../scripts/topologyFiles.js';
import { isMarker } from '../../../runtime/engine/header.js';
import { localRecords } from '../../../runtime/localTools.js';
import type { LocalStorage, LogRecord } from '../../../runtime/ports.js';
import { REGION, onFolder } from '../../topologies/ouladJob.js';
import { runCli } from '../commands/cliProcess.js';
import { DAY_MS, NAMES, recorded, type Recorded } from './recorded.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 120_000;
const SMALL = { learners: 30, courses: 2, items: 20, days: 3, eventsPerDay: 400 };
const FLAGS = ['--learners', '30', '--courses', '2', '--items', '20', '--days', '3', '--events-per-day', '400'];

const linesOf = <T>(path: string): T[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);

const sizeOf = (told: Recorded): number => NAMES.reduce((sum, name) => sum + told[name].length, 0);

/** Every record of every topic, markers included. */
const logOf = ({ log }: LocalStorage): unknown[] =>
  log.topics().flatMap(({ name, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => {
      const { start, end } = log.range(name, partition);
      const records = log.read(name, partition, start, end - start + 1);
      return [name, partition, records.map(({ key, value, header }) => [key, value, header].map((bytes) => bytes?.toString('base64')).join())];
    }),
  );

const writing = (storage: LocalStorage, options = SMALL, onClicks: (clicks: number) => void = () => undefined) => {
  const school = new School(options);
  return writeSchool(school, topicOutput(storage, school.options), onClicks);
};

describe('a generated school in topics', { timeout: SLOW_MS }, () => {
  it('is what the school tells, once, however often it is written', async () => {
    const storage = memoryStorage();
    const told = recorded(SMALL);
    const steps: number[] = [];
    expect(await writing(storage, SMALL, (clicks) => steps.push(clicks))).toEqual({
      topics: Object.fromEntries(NAMES.map((name) => [SCHOOL_TOPICS[name].name, told[name].length])),
      written: sizeOf(told),
      alreadyThere: 0,
    });
    expect(steps.at(-1)).toBe(told.clicks.length);
    const log = logOf(storage);
    expect(await writing(storage)).toMatchObject({ written: 0, alreadyThere: sizeOf(told) });
    expect(logOf(storage)).toEqual(log);
  });

  it('goes on with more days, and after it was cut off anywhere, to the same log as in one go', async () => {
    const whole = memoryStorage();
    await writing(whole);
    const parts = memoryStorage();
    for (const days of [1, 2, 2]) await writing(parts, { ...SMALL, days });
    for (const most of [1_000, 1_100]) {
      const cut = writing(parts, SMALL, (clicks) => {
        if (clicks > most) throw new Error('cut off');
      });
      await expect(cut).rejects.toThrow('cut off');
    }
    expect((await writing(parts)).alreadyThere).toBeGreaterThan(1_000);
    expect(logOf(parts)).toEqual(logOf(whole));
  });

  it('is the only one of its region', async () => {
    const storage = memoryStorage();
    const options = await claimSchool(storage, { region: REGION, seed: 5, learners: 30 });
    expect(await claimSchool(storage, { region: REGION, days: 90 })).toEqual({ ...options, days: 90 });
    expect(await claimSchool(storage, { region: REGION, learners: undefined })).toEqual(options);
    await expect(claimSchool(storage, { region: REGION, seed: 6 })).rejects.toMatchObject({ code: 'SFS_SCHOOL_OTHER' });
    await expect(claimSchool(storage, { region: REGION, eventsPerDay: 6 })).rejects.toMatchObject({ code: 'SFS_SCHOOL_OTHER' });
    expect(await claimSchool(storage, { region: 'eu-north', seed: 6 })).toMatchObject({ seed: 6, region: 'eu-north' });
  });

  it('does not mix with records of another source', async () => {
    const storage = memoryStorage();
    await writing(storage);
    await expect(claimSchool(storage, { region: REGION })).rejects.toMatchObject({ code: 'SFS_SCHOOL_FOREIGN' });
    expect(await claimSchool(storage, { region: 'eu-north' })).toMatchObject({ region: 'eu-north' });
  });

  it('runs through every topology: all adds up, and who is enrolled has recommendations of the course', async () => {
    const topologies = await checkedTopologies(ownTopologyFiles().map(({ path }) => path));
    expect(topologies.length).toBeGreaterThanOrEqual(9);
    const school = { ...SMALL, days: 8 };
    await onFolder(newFolder(), async (storage) => {
      const { topics } = await writing(storage, school);
      await runTopologies(storage, topologies, { region: REGION, mode: 'until-end' });
      const counts = await countsOf(storage, undefined, REGION);
      expect(counts.flatMap(({ problems, uncountable }) => [...problems, ...uncountable])).toEqual([]);
      expect(counts.map(({ counters: { deadLetters, late } }) => deadLetters + late)).toEqual(counts.map(() => 0));
      const clicks = counts.filter(({ reads }) => reads.includes(`${REGION}.clicks`));
      expect(clicks.length).toBeGreaterThan(2);
      for (const { processed, waiting } of clicks) expect([processed >= topics['clicks']!, waiting]).toEqual([true, 0]);
      expect(without(recommendationsIn(storage), enrolledIn(recorded(school)))).toEqual([]);
    });
  });
});

type Courses = ReadonlyMap<string, ReadonlySet<string>>;

/** Courses by learner, as of the end. */
function enrolledIn({ lmsEvents }: Recorded): Courses {
  const courses = new Map<string, Set<string>>();
  for (const { learner, course, personal } of lmsEvents) {
    const those = courses.get(learner) ?? new Set();
    if (personal.kind === 'ENROLLED') those.add(course);
    if (personal.kind === 'UNENROLLED') those.delete(course);
    courses.set(learner, those);
  }
  return courses;
}

/** Courses with items to recommend, by learner. */
function recommendationsIn(storage: LocalStorage): Courses {
  const topic = physicalTopicName(REGION, 'recommendations');
  const decode = decoderOf(storage, topic)!;
  const found = new Map<string, Set<string>>();
  for (const [learner, { value }] of latestByKey(storage, topic)) {
    if (value === null) continue;
    const { personal } = decode(learner, value) as Opened<Recommendation>;
    found.set(learner, new Set(personal.courses.filter(({ next }) => next.length > 0).map(({ course }) => course)));
  }
  return found;
}

/** The last record of each key in a topic, markers left out. */
function latestByKey({ log }: LocalStorage, topic: string): ReadonlyMap<string, LogRecord> {
  const latest = new Map<string, LogRecord>();
  const spec = log.topics().find((one) => one.name === topic)!;
  for (let partition = 0; partition < spec.partitions; partition++) {
    for (const record of localRecords(log, topic, partition)) {
      if (record.key !== null && !isMarker(record.header)) latest.set(record.key.toString(), record);
    }
  }
  return latest;
}

const without = (found: Courses, wanted: Courses): string[] =>
  [...wanted].flatMap(([learner, courses]) =>
    [...courses].filter((course) => found.get(learner)?.has(course) !== true).map((course) => `${learner} ${course}`),
  );

describe('a generated school in files', { timeout: SLOW_MS }, () => {
  it('has a line for each record, and no file before all are whole', async () => {
    const folder = join(newFolder(), 'deep', 'school');
    const told = recorded(SMALL);
    await writeSchool(new School(SMALL), await fileOutput(folder), () => undefined);
    for (const name of NAMES) expect(linesOf(join(folder, fileNameOf(name)))).toEqual(told[name]);
    expect(readdirSync(folder).sort()).toEqual(NAMES.map(fileNameOf).sort());

    const cutOff = newFolder();
    const cut = writeSchool(new School(SMALL), await fileOutput(cutOff), (clicks) => {
      if (clicks > 500) throw new Error('cut off');
    });
    await expect(cut).rejects.toThrow('cut off');
    expect(readdirSync(cutOff)).toEqual([]);
  });

  it('is refused where no file can be', async () => {
    const file = join(newFolder(), 'file');
    const school = new School(SMALL);
    await writeSchool(school, await fileOutput(file), () => undefined);
    await expect(fileOutput(join(file, fileNameOf('clicks')))).rejects.toMatchObject({ code: 'SFS_FILE_UNWRITABLE' });
  });
});

describe('skillforge generate', { timeout: SLOW_MS }, () => {
  it('writes a school, completes it, takes up its options, and refuses another one', async () => {
    const data = newFolder();
    const run = (...flags: string[]) => runCli(['generate', '--data', data, ...flags, '--json']);
    const told = recorded({ ...SMALL, seed: 4 });
    const first = await run(...FLAGS, '--seed', '4');
    expect(first.json()).toMatchObject({
      summary: { written: sizeOf(told), alreadyThere: 0, topics: { clicks: told.clicks.length }, school: { seed: 4, region: REGION } },
    });
    const longer = recorded({ ...SMALL, seed: 4, days: 4 });
    expect((await run('--days', '4')).json()).toMatchObject({ summary: { written: sizeOf(longer) - sizeOf(told), alreadyThere: sizeOf(told) } });
    const other = await run('--seed', '5');
    expect([other.code, other.stdout]).toEqual([3, expect.stringContaining('SFS_SCHOOL_OTHER')]);
  });

  it('writes files that "topics write" takes, and the truth', async () => {
    const folder = newFolder();
    const truth = join(folder, 'truth', 'all.jsonl');
    const text = await runCli(['generate', ...FLAGS, '--jsonl', join(folder, 'school'), '--truth', truth, '--start', '2026-03-02'], folder);
    expect(text.stdout).toMatch(
      /^wrote [\d,]+ records in .*\nthe school has catalogue \d+, profiles \d+, lms-events \d+, quiz-results \d+, clicks [\d,]+\n$/,
    );
    const told = recorded({ ...SMALL, startMs: Date.UTC(2026, 2, 2) });
    expect(linesOf<Opened<Click>>(join(folder, 'school', 'clicks.jsonl'))).toEqual(told.clicks);
    expect(statSync(folder).isDirectory() && readdirSync(folder).sort()).toEqual(['school', 'truth']);

    const lines = linesOf<TruthLine>(truth);
    const endMs = Date.UTC(2026, 2, 2) + SMALL.days * DAY_MS;
    expect(new Set(lines.map(({ learner_id }) => learner_id)).size).toBeGreaterThan(10);
    for (const { atMs, chances, abilities } of lines) {
      expect(atMs).toBe(endMs);
      expect(Object.values(chances).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
      expect(Object.keys(abilities)).toHaveLength(4);
    }
    const written = await runCli(['topics', 'write', 'clicks', join(folder, 'school', 'clicks.jsonl'), '--data', join(folder, 'data'), '--json']);
    expect(written.json()).toMatchObject({ summary: { written: told.clicks.length, rejected: 0 } });
  });

  it.each([
    ['--late-share', '2'],
    ['--start', '2025-13-01'],
  ])('refuses %s %s', async (...flags) => {
    expect(await runCli(['generate', '--jsonl', join(newFolder(), 'none'), ...flags])).toMatchObject({ code: 2 });
  });
});
