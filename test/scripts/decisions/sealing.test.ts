import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decide, formulaModels } from '../../../operators/recommend/index.js';
import { localTools } from '../../../runtime/localTools.js';
import type { LogRecord, ToolAccess } from '../../../runtime/ports.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { learnerId, topics } from '../../../schemas/index.js';
import { GENESIS } from '../../../scripts/decisions/chain.js';
import { CHAIN_FILE, SECRET_FILE } from '../../../scripts/decisions/chainFolder.js';
import { noteErased } from '../../../scripts/decisions/erasedDecisions.js';
import { seal, verifyChain } from '../../../scripts/decisions/sealing.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';
import { EMPTY, argumentsOf, place, trend, use } from '../../operators/recommend/worlds.js';
import { REGION, append } from '../archive/archived.js';

const LEARNERS = Array.from({ length: 30 }, (_, n) => `learner-${n}`);

/** Decisions about some learners, all of them logged. */
function decisionsOf(learners: readonly string[]) {
  const { moment, lookups } = argumentsOf({ ...EMPTY, trends: [trend('a', 3), trend('b', 1)], places: [place('c')], uses: [use('a', 1)] });
  const options = { models: formulaModels, region: REGION, topologyVersion: 1, validForMs: 1, loggedShare: 1 };
  return learners.flatMap((learner) => decide({ ...moment, learner: learnerId(learner) }, lookups, options).log!);
}

async function sealedLog(): Promise<{ readonly storage: MemoryStorage; readonly place: { folder: string; region: string }; readonly head: string }> {
  const [storage, place] = [memoryStorage(), { folder: join(temporaryFolder(), 'chain'), region: REGION }];
  await append(storage, topics.featureLog, decisionsOf(LEARNERS.slice(0, 20)));
  await seal(localTools(storage), place, 1);
  await append(storage, topics.featureLog, decisionsOf(LEARNERS.slice(20)));
  const { head } = await seal(localTools(storage), place, 2);
  return { storage, place, head };
}

/** The log after somebody changed it: what they give instead of a record; none for a record that they took out. */
const tampered = (storage: MemoryStorage, change: (record: LogRecord) => readonly LogRecord[]): ToolAccess => {
  const tools = localTools(storage);
  return {
    ...tools,
    async *records(topic, partition, from) {
      for await (const record of tools.records(topic, partition, from)) yield* change(record);
    },
  };
};
/** Changes the first record alone. */
const once = (change: (record: LogRecord) => readonly LogRecord[]) => {
  let isDone = false;
  return (record: LogRecord): readonly LogRecord[] => {
    if (isDone) return [record];
    isDone = true;
    return change(record);
  };
};
const flipped = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)));

describe('a chain over the feature log', () => {
  it('has every decision once, goes on where it was, and is as it was sealed', async () => {
    const { storage, place, head } = await sealedLog();
    expect(await verifyChain(localTools(storage), place, head)).toMatchObject({ head, records: 30, expired: 0, unsealed: 0, breaches: [] });
    expect(await seal(localTools(storage), place, 3)).toEqual({ blocks: 0, records: 0, head });
    await append(storage, topics.featureLog, decisionsOf(['late']));
    expect(await verifyChain(localTools(storage), place)).toMatchObject({ records: 30, unsealed: 1, breaches: [] });
  });

  it('tells nobody whose decisions they are, nor what is in them', async () => {
    const { place } = await sealedLog();
    const text = readFileSync(join(place.folder, CHAIN_FILE), 'utf8');
    expect(text).not.toContain('learner-');
    const other = await sealedLog();
    const commitments = (folder: string): string[] => readFileSync(join(folder, CHAIN_FILE), 'utf8').match(/[0-9a-f]{64}/g)!;
    const [one, two] = [commitments(place.folder), commitments(other.place.folder)];
    // The same log under another secret: nothing in common but what stands before the first block.
    expect(one.filter((digest) => digest !== GENESIS && two.includes(digest))).toEqual([]);
  });

  it.each([
    ['a bit of a value', once((record: LogRecord) => [{ ...record, value: flipped(record.value!) }]), 'is not what was sealed'],
    ['a key', once((record: LogRecord) => [{ ...record, key: Buffer.from('eve') }]), 'is not what was sealed'],
    ['a record that is taken out', once(() => []), 'is gone'],
  ])('finds %s', async (_, change, message) => {
    const { storage, place } = await sealedLog();
    const { records, breaches } = await verifyChain(tampered(storage, change), place);
    expect([records, breaches.map((breach) => breach.message.replace(/.*\d /, ''))]).toEqual([29, [message]]);
  });

  it('tells what was erased, as a block of the chain says, from what somebody took out', async () => {
    const { storage, place } = await sealedLog();
    const note = (): Promise<number> => noteErased(localTools(storage), place.folder, 'learner-3', 9);
    expect([await note(), await note()]).toEqual([1, 0]);
    const early = await verifyChain(localTools(storage), place);
    expect(early.breaches.map(({ message }) => message.replace(/.*\d /, ''))).toEqual(['is there, though the chain says that it was erased']);
    const without = (learners: readonly string[]): ToolAccess =>
      tampered(storage, (record) => (learners.includes(String(record.key)) ? [] : [record]));
    expect(await verifyChain(without(['learner-3']), place)).toMatchObject({ records: 29, erased: 1, breaches: [] });
    await append(storage, topics.featureLog, decisionsOf(['late']));
    const { head } = await seal(localTools(storage), place, 10);
    expect(await verifyChain(without(['learner-3']), place, head)).toMatchObject({ records: 30, erased: 1, breaches: [] });
    expect((await verifyChain(without(['learner-3', 'learner-4']), place)).breaches).toHaveLength(1);
  });

  it('finds a record that was put in where none was sealed', async () => {
    const { storage, place } = await sealedLog();
    const copies: LogRecord[] = [];
    // One more at an offset that a block speaks of: as if a marker had become a decision.
    const inserted = tampered(storage, (record) => {
      if (copies.length > 0) return [record];
      copies.push(record);
      return [record, { ...record, offset: record.offset + 0.5 }];
    });
    expect((await verifyChain(inserted, place)).breaches.map(({ message }) => message)).toEqual([
      expect.stringContaining('was not there when it was sealed') as string,
    ]);
  });

  it.each([
    ['a block that is taken out', (blocks: string[]) => blocks.splice(1, 1)],
    ['blocks in another order', (blocks: string[]) => blocks.splice(0, 2, blocks[1]!, blocks[0]!)],
    ['a commitment that is another one', (blocks: string[]) => blocks.splice(1, 1, blocks[1]!.replace(/"[0-9a-f]{8}/, '"00000000'))],
    ['a time that is another one', (blocks: string[]) => blocks.splice(1, 1, blocks[1]!.replace('"sealedAtMs":1', '"sealedAtMs":9'))],
  ])('finds %s', async (_, change) => {
    const { storage, place } = await sealedLog();
    const path = join(place.folder, CHAIN_FILE);
    const blocks = readFileSync(path, 'utf8').trimEnd().split('\n');
    change(blocks);
    writeFileSync(path, `${blocks.join('\n')}\n`);
    expect((await verifyChain(localTools(storage), place)).breaches.length).toBeGreaterThan(0);
    await expect(seal(localTools(storage), place, 3)).rejects.toMatchObject({ code: 'SFS_CHAIN_BROKEN' });
  });

  it('finds a chain whose end was cut off, or that was written anew, by a digest that was noted', async () => {
    const { storage, place, head } = await sealedLog();
    const path = join(place.folder, CHAIN_FILE);
    const blocks = readFileSync(path, 'utf8').trimEnd().split('\n');
    writeFileSync(path, `${blocks.slice(0, -1).join('\n')}\n`);
    expect((await verifyChain(localTools(storage), place)).breaches).toEqual([]);
    expect((await verifyChain(localTools(storage), place, head)).breaches).toMatchObject([{ block: null }]);
    rmSync(path);
    await seal(localTools(storage), place, 2);
    expect((await verifyChain(localTools(storage), place, head)).breaches).toMatchObject([{ block: null }]);
  });

  it('counts what retention has taken as expired', async () => {
    const { storage, place } = await sealedLog();
    const tools = localTools(storage);
    const ranges = await tools.ranges(`${REGION}.feature-log`);
    const [partition] = [...ranges.keys()].filter((number) => ranges[number]!.end > 1);
    const shorter = ranges.map((range, number) => (number === partition ? { ...range, start: 1 } : range));
    const kept: ToolAccess = {
      ...tools,
      ranges: () => shorter,
      records: (topic, number, from) => tools.records(topic, number, Math.max(from, shorter[number]!.start)),
    };
    expect(await verifyChain(kept, place)).toMatchObject({ records: 29, expired: 1, breaches: [] });
  });

  it('goes on after a process that was killed while it appended, and is no chain without its key', async () => {
    const { storage, place, head } = await sealedLog();
    appendFileSync(join(place.folder, CHAIN_FILE), '{"number":99,"top');
    await expect(verifyChain(localTools(storage), place)).rejects.toMatchObject({ code: 'SFS_CHAIN_BROKEN' });
    expect(await seal(localTools(storage), place, 3)).toMatchObject({ blocks: 0, head });
    expect((await verifyChain(localTools(storage), place, head)).breaches).toEqual([]);
    rmSync(join(place.folder, SECRET_FILE));
    await expect(seal(localTools(storage), place, 3)).rejects.toMatchObject({ code: 'SFS_CHAIN_BROKEN' });
    await expect(verifyChain(localTools(storage), place)).rejects.toMatchObject({ code: 'SFS_CHAIN_BROKEN' });
  });
});
