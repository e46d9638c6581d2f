/** Copies of state that somebody keeps: their rows and timers are base64, in which no text and no byte shows a pseudonym. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linesOfChunk, StateFileWriter } from '../../../scripts/commands/stateFile.js';
import { eraseInFiles, foundInFiles, type FileCounts } from '../../../scripts/privacy/erasure/files.js';
import { Mention } from '../../../scripts/privacy/erasure/mention.js';
import type { SnapshotChunk } from '../../../runtime/redis/index.js';
import { newFolder } from '../../fixtures/folders.js';

const ADA = '5e0c4a36-94a5-4cf2-9d37-0c2d55a1be3f';
const BOB = '1b4e28ba-2fa1-41d2-883f-0016d3cca427';

/** A copy of one task with a row of somebody's key, a row that names somebody in its value, and a timer that does. */
async function copyWith(folder: string, { key, value, timer }: Readonly<Record<'key' | 'value' | 'timer', string>>): Promise<string> {
  const path = join(folder, 'state.jsonl');
  const file = await StateFileWriter.open(path, { region: 'test', madeAtMs: 0 });
  const chunks: SnapshotChunk[] = [
    { kind: 'begin', applied: '7', progress: Buffer.from('{}') },
    { kind: 'rows', store: 'windows', rows: [{ key, value: Buffer.from('three clicks') }] },
    { kind: 'rows', store: 'cohorts', rows: [{ key: 'cohort', value: Buffer.from(`\u0048${value}\u0002`) }] },
    { kind: 'queue', queue: 'timers', entries: [{ queue: 'timers', timeMs: 5, tiebreak: '1', payload: Buffer.from(timer) }] } as SnapshotChunk,
    { kind: 'end' },
  ];
  await file.add([{ task: 'recommendations@3/0' }, ...chunks.flatMap(linesOfChunk)]);
  await file.finish();
  return path;
}

async function placesOf(path: string, learner = ADA): Promise<string[]> {
  const places: string[] = [];
  for await (const { where } of foundInFiles({ store: 'snapshots', path, isNamed: true }, new Mention(learner)))
    places.push(where.slice(path.length));
  return places;
}

async function erased(path: string): Promise<FileCounts> {
  const counts: FileCounts = { rows: 0, rewritten: 0, deleted: 0, stuck: [] };
  await eraseInFiles({ store: 'snapshots', path, isNamed: true }, new Mention(ADA), counts, false);
  return counts;
}

describe('a copy of state', () => {
  it.each([
    ['in a key', { key: `${ADA}\0hour`, value: BOB, timer: BOB }, [' line 4']],
    ['in the value of another key', { key: BOB, value: ADA, timer: BOB }, [' line 5']],
    ['in a timer', { key: BOB, value: BOB, timer: ADA }, [' line 6']],
    ['nowhere', { key: BOB, value: BOB, timer: BOB }, []],
  ])('is looked through, also where a learner is %s', async (_, held, lines) => {
    const path = await copyWith(newFolder(), held);
    expect(await placesOf(path)).toEqual(lines);
  });

  it('that holds the learner is told and left, as a line less would make it unreadable', async () => {
    const path = await copyWith(newFolder(), { key: BOB, value: ADA, timer: BOB });
    const before = readFileSync(path);
    expect(await erased(path)).toEqual({ rows: 0, rewritten: 0, deleted: 0, stuck: [path] });
    expect(readFileSync(path).equals(before)).toBe(true);
    const others = await copyWith(newFolder(), { key: BOB, value: BOB, timer: BOB });
    expect((await erased(others)).stuck).toEqual([]);
  });

  it('that is damaged is looked through all the same', async () => {
    const path = await copyWith(newFolder(), { key: BOB, value: ADA, timer: BOB });
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, [...lines.slice(0, 5), `{"store":"x","key":"${ADA}`].join('\n'));
    expect(await placesOf(path)).toEqual([' line 5', ' line 6']);
  });
});
