import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readOuladClicks } from '../../scripts/oulad/index.js';

const FOLDER = join(import.meta.dirname, '../../../shared/data/oulad');
const FILE = join(FOLDER, 'studentVle.csv.gz');

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
    const isMissing = !existsSync(FILE);
    if (isMissing) console.log(`SKIPPED: the real files of the data set are not at ${FOLDER}`);
    context.skip(isMissing, `the real files of the data set are not at ${FOLDER}`);
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
});
