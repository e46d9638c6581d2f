import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, type TestContext } from 'vitest';
import {
  lmsEventsOf,
  readCatalogue,
  readEnrolments,
  readOuladClicks,
  readProfiles,
  readQuizResults,
  readSchedule,
} from '../../scripts/oulad/index.js';

const FOLDER = join(import.meta.dirname, '../../../shared/data/oulad');
const FILE = join(FOLDER, 'studentVle.csv.gz');
const region = 'eu-west';

/** The rows of a file as lists of fields, without the reader under test. */
function rowsOf(name: string): string[][] {
  const text = gunzipSync(readFileSync(join(FOLDER, `${name}.csv.gz`))).toString('latin1');
  return text
    .trimEnd()
    .split('\r\n')
    .slice(1)
    .map((line) => line.slice(1, -1).split('","'));
}

function skipWhereMissing(context: TestContext): void {
  const isMissing = !existsSync(FILE);
  if (isMissing) console.log(`SKIPPED: the real files of the data set are not at ${FOLDER}`);
  context.skip(isMissing, `the real files of the data set are not at ${FOLDER}`);
}

/** Counts rows by what stands before the third field, without the reader under test. */
function rowsByPresentation(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of gunzipSync(readFileSync(FILE)).toString('latin1').split('\r\n').slice(1)) {
    if (line === '') continue;
    const course = line.slice(1, 12).replace('","', '-');
    counts[course] = (counts[course] ?? 0) + 1;
  }
  return counts;
}

describe('the real files', () => {
  it('become 753,564 events in ascending time, none refused', { timeout: 60_000 }, async (context) => {
    skipWhereMissing(context);
    const clicks = readOuladClicks(FOLDER);
    let events = 0;
    let descents = 0;
    let lastMs = -Infinity;
    for await (const batch of clicks) {
      for (const event of batch.events) {
        if (event.occurredAtMs < lastMs) descents++;
        lastMs = event.occurredAtMs;
      }
      events += batch.events.length;
    }
    const { summary } = clicks;
    expect({ events, descents, rejected: summary.rejected }).toEqual({
      events: 753_564,
      descents: 0,
      rejected: { SFS_IMPORT_MALFORMED: 0, SFS_IMPORT_UNKNOWN: 0 },
    });
    expect(summary).toMatchObject({ rowsRead: 753_564, accepted: 753_564, filtered: 0, lastEventMs: lastMs });
    expect(Object.fromEntries(summary.presentations.map((one) => [one.course, one.accepted]))).toEqual(rowsByPresentation());
  });

  it('tell of every enrolment, its end and what is due, each learner and each item', { timeout: 60_000 }, async (context) => {
    skipWhereMissing(context);
    const registrations = rowsOf('studentRegistration');
    const enrolments = await readEnrolments(FOLDER, {});
    const events = lmsEventsOf(enrolments.chosen, await readSchedule(FOLDER, true, {}), {}, region);
    const ofKind = (kind: string) => events.filter(({ personal }) => personal.kind === kind);
    expect([ofKind('ENROLLED').length, ofKind('UNENROLLED').length]).toEqual([
      registrations.length,
      registrations.filter(([, , , , end]) => end !== '').length,
    ]);
    // A registration without a date counts from day 0, as Number('') has it.
    const assessments = rowsOf('assessments');
    const due = registrations.flatMap(([module, presentation, , date]) =>
      assessments.filter((one) => one[0] === module && one[1] === presentation && (one[4] === '' || Number(one[4]) >= Number(date))),
    );
    expect(ofKind('DEADLINE')).toHaveLength(due.length);
    expect(events.map(({ occurredAtMs }) => occurredAtMs)).toEqual(events.map(({ occurredAtMs }) => occurredAtMs).sort((a, b) => a - b));

    const { file, profiles } = await readProfiles(FOLDER, enrolments, { region });
    expect([profiles.length, file.rejected]).toEqual([rowsOf('studentInfo').length, []]);
    expect(new Set(profiles.map(({ learner }) => learner))).toEqual(new Set(registrations.map(([, , learner]) => learner)));
    const { items } = await readCatalogue(FOLDER, { region });
    expect(items.map(({ item }) => item).sort()).toEqual(
      rowsOf('vle')
        .map(([site]) => site)
        .sort(),
    );
  });

  it('tell of every result that has a score', { timeout: 60_000 }, async (context) => {
    skipWhereMissing(context);
    const rows = rowsOf('studentAssessment');
    const scored = rows.filter(([, , , , score]) => score !== '?' && score !== '');
    const { file, results } = await readQuizResults(FOLDER, await readSchedule(FOLDER, true, {}), { region });
    expect(file.counts).toMatchObject({ rowsRead: rows.length, accepted: scored.length, silent: rows.length - scored.length, filtered: 0 });
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    expect(sum(results.map(({ personal }) => Math.round(personal.score * 100)))).toBe(sum(scored.map(([, , , , score]) => Number(score))));
    expect(results.filter(({ personal }) => personal.banked)).toHaveLength(scored.filter(([, , , banked]) => banked === '1').length);
    expect(results.filter(({ personal }) => !personal.correct)).toHaveLength(scored.filter(([, , , , score]) => Number(score) < 40).length);
  });
});
