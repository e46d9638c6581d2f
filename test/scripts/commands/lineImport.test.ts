import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDeadLetters } from '../../../runtime/deadLetters.js';
import { isMarker, readHeader } from '../../../runtime/engine/header.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import type { LocalStorage } from '../../../runtime/ports.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { LocalSchemaIds, schema, topic, topicCodec, type Topic } from '../../../schemas/index.js';
import { importLines, type LineInput } from '../../../scripts/commands/lineImport.js';
import { localRecords } from '../../../runtime/localTools.js';
import { newFolder } from '../../fixtures/folders.js';

const grades = topic({
  name: 'grades',
  schema: schema.record({ learner: schema.string, grade: schema.long }),
  keyFields: ['learner'],
  partitions: 3,
});
const anyGrades = grades as Topic<string, unknown>;
const silent = { region: 'test', onLines: () => undefined, onReject: () => undefined };
const line = (learner: string, grade: unknown): string => JSON.stringify({ learner, grade });

function fileOf(...lines: readonly string[]): LineInput {
  const path = join(newFolder(), 'monday.jsonl');
  writeFileSync(path, lines.join('\n'));
  return { path };
}

async function* bytes(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
}

async function lettersOf(storage: LocalStorage) {
  const letters = [];
  for await (const { letter } of readDeadLetters(storage, 'test')) letters.push(letter);
  return letters;
}

/** What the topic holds: partition, key and value. */
function stored(storage: LocalStorage): (readonly [number, string, unknown])[] {
  const codec = topicCodec(grades, LocalSchemaIds.withAccepted());
  return [0, 1, 2].flatMap((partition) =>
    Array.from(localRecords(storage.log, 'test.grades', partition, 0), ({ key, value }) => {
      return [partition, key!.toString(), codec.decode('', value!)] as const;
    }),
  );
}

describe('lines that are written to a topic', () => {
  it('become records under the key of their fields, in the partition of the key', async () => {
    const storage = memoryStorage();
    expect(await importLines(storage, anyGrades, fileOf(line('ada', 1), '', line('bob', 2), line('ada', 3)), silent)).toEqual({
      source: 'write/grades/monday.jsonl',
      written: 3,
      alreadyThere: 0,
      rejected: 0,
      rejectedBefore: 0,
    });
    const place = (learner: string): number => partitionOf(Buffer.from(learner), 3);
    const expected = [
      [place('ada'), 'ada', { learner: 'ada', grade: 1 }],
      [place('bob'), 'bob', { learner: 'bob', grade: 2 }],
      [place('ada'), 'ada', { learner: 'ada', grade: 3 }],
    ];
    expect(stored(storage)).toHaveLength(3);
    expect(stored(storage)).toEqual(expect.arrayContaining(expected));
  });

  it.each([
    ['lines', [line('ada', 1), line('bob', 2)]],
    ['none', []],
  ])('are followed in every partition by the promise that is asked for, where there are %s', async (_, lines) => {
    const storage = memoryStorage();
    const { written } = await importLines(storage, anyGrades, fileOf(...lines), { ...silent, clockMs: 5_000 });
    expect(written).toBe(lines.length);
    const last = [0, 1, 2].map((partition) => {
      const { start, end } = storage.log.range('test.grades', partition);
      return storage.log.read('test.grades', partition, start, end - start).at(-1)!;
    });
    expect(last.map(({ header }) => [isMarker(header), readHeader(header)!.eventTimeMs])).toEqual([0, 1, 2].map(() => [true, 5_000]));
  });

  it('go to the dead letters with number, bytes and code where they do not fit; the others are written', async () => {
    const storage = memoryStorage();
    const told: number[] = [];
    const input = fileOf(line('ada', 1), '{', line('', 2), line('bob', 'two'), '{ "learner": "bob", "grade": 2, "by": "eve" }', line('bob', 3));
    const options = { ...silent, onReject: (rejected: { readonly line: number }) => told.push(rejected.line) };
    expect(await importLines(storage, anyGrades, input, options)).toMatchObject({ written: 2, rejected: 4 });
    expect(told).toEqual([2, 3, 4, 5]);
    const letters = (await lettersOf(storage)).sort((a, b) => a.sourceOffset - b.sourceOffset);
    expect(letters.map((one) => [one.sourceTopic, one.sourceOffset, one.code])).toEqual([
      ['write/grades/monday.jsonl', 2, 'SFS_LINE_INVALID'],
      ['write/grades/monday.jsonl', 3, 'SFS_KEY_INVALID'],
      ['write/grades/monday.jsonl', 4, 'SFS_ENCODE_FAILED'],
      ['write/grades/monday.jsonl', 5, 'SFS_LINE_INVALID'],
    ]);
    expect(letters.map(({ personal }) => personal.value?.toString())).toEqual([
      '{',
      line('', 2),
      line('bob', 'two'),
      // Without the field that nobody knows.
      line('bob', 2),
    ]);
  });

  it('are there once however often the same file is given, and again from a stream', async () => {
    const storage = memoryStorage();
    const input = fileOf(line('ada', 1), 'no', line('bob', 2));
    await importLines(storage, anyGrades, input, silent);
    expect(await importLines(storage, anyGrades, input, silent)).toMatchObject({ written: 0, alreadyThere: 2, rejected: 0, rejectedBefore: 1 });
    expect(stored(storage)).toHaveLength(2);
    for (let time = 0; time < 2; time++) {
      const stream = bytes(line('ada', 1));
      expect(await importLines(storage, anyGrades, { stream }, silent)).toMatchObject({ source: 'write/grades/stdin', written: 1, alreadyThere: 0 });
    }
    expect(stored(storage)).toHaveLength(4);
  });

  it('are completed after a writer that was cut off in the middle', async () => {
    const storage = memoryStorage();
    const input = fileOf(...Array.from({ length: 10_000 }, (_, n) => line(`learner-${n}`, n)));
    await expect(importLines(failingAfter(storage, 2), anyGrades, input, silent)).rejects.toThrow('the power is gone');
    const before = stored(storage).length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(10_000);
    expect(await importLines(storage, anyGrades, input, silent)).toMatchObject({ written: 10_000 - before, alreadyThere: before });
    expect(new Set(stored(storage).map(([, key]) => key)).size).toBe(10_000);
    expect(stored(storage)).toHaveLength(10_000);
  });
});

/** A storage that takes so many commits. */
function failingAfter(storage: LocalStorage, commits: number): LocalStorage {
  let left = commits;
  const commit: LocalStorage['commit'] = (one) => (left-- > 0 ? storage.commit(one) : Promise.reject(new Error('the power is gone')));
  return { log: storage.log, tasks: storage.tasks, documents: storage.documents, commit, close: () => storage.close() };
}
