import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { syntheticOuladFolder } from '../../scripts/synthetic/index.js';
import { HEADER, readAll, temporaryFolder } from '../fixtures/oulad/folder.js';

describe('a synthetic folder', () => {
  it('has the format of the data set', async () => {
    const { file } = await syntheticOuladFolder(temporaryFolder());
    const lines = gunzipSync(readFileSync(file)).toString().split('\r\n');
    expect(lines[0]).toBe(HEADER);
    expect(lines[1]).toMatch(/^"AAA","2013J","\d+","\d+","-10","\d+"$/);
    expect(lines.at(-1)).toBe('');
  });

  it('is read back without a refused row', async () => {
    const folder = temporaryFolder();
    const written = await syntheticOuladFolder(folder, { presentations: ['AAA-2013J', 'AAA-2014B', 'BBB-2013J'], days: 20 });
    const { events, rejected, summary } = await readAll(folder);
    expect(rejected).toEqual([]);
    expect(events.length).toBe(written.rows);
    expect(Object.fromEntries(summary.presentations.map((one) => [one.course, one.accepted]))).toEqual(
      Object.fromEntries(written.rowsByPresentation),
    );
    expect(summary.firstEventMs).toBe(Date.UTC(2013, 8, 21));
    expect(events.every((event, i) => i === 0 || event.occurredAtMs >= events[i - 1]!.occurredAtMs)).toBe(true);
  });

  it('has the same rows for the same options', async () => {
    const [a, b, c] = await Promise.all(
      [{}, {}, { seed: 2 }].map(async (options) =>
        gunzipSync(readFileSync((await syntheticOuladFolder(temporaryFolder(), options)).file)).toString(),
      ),
    );
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });

  it.each([{ presentations: ['AAA-2013X'] }, { presentations: ['2013J'] }, { firstDay: 0.5 }, { days: 0 }])(
    'is not written with %j',
    async (options) => {
      await expect(syntheticOuladFolder(temporaryFolder(), options)).rejects.toMatchObject({ code: 'SFS_SYNTHETIC_OPTION' });
    },
  );
});
