import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEmbedded, type EmbeddedStorage } from '../../../runtime/embedded/index.js';
import { decodeProgress } from '../../../runtime/engine/progress.js';
import { isMarker, markerIdOf } from '../../../runtime/engine/header.js';
import { FolderRing, makeRing } from '../../../runtime/keys/folderRing.js';
import { isUnlinkable } from '../../../runtime/keys/openedRecord.js';
import { rotateRing } from '../../../runtime/keys/rotation.js';
import { localRecords, localTools } from '../../../runtime/localTools.js';
import type { LogRecord } from '../../../runtime/ports.js';
import { EnvelopePlaces, LocalSchemaIds, isWhole, topics } from '../../../schemas/index.js';
import { ownersAreKeys } from '../../../schemas/learnerKeys.js';
import { Archive } from '../../../scripts/archive/archive.js';
import { committedFiles } from '../../../scripts/archive/commits.js';
import { topicFolder } from '../../../scripts/archive/layout.js';
import { openArchive } from '../../../scripts/archive/openedArchive.js';
import { decoderOf } from '../../../scripts/commands/topicCodecs.js';
import { eraseLearner, erasuresFolder } from '../../../scripts/privacy/erasure/saga.js';
import { SigningKey } from '../../../scripts/privacy/erasure/signing.js';
import { verifyErased } from '../../../scripts/privacy/erasure/verification.js';
import { at } from '../../topologies/clicks.js';
import { REGION, SEVEN, SEVENTY, installationIn, onStorage, run, tellTime, write } from './erasable.js';
import { commandOutput } from '../../fixtures/commandOutput.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 600_000;
const LEARNERS = [SEVEN, SEVENTY, 'learner-3', 'learner-11'];
/** Shorter byte sequences may stand anywhere. */
const LEAST_BYTES = 16;
const places = new EnvelopePlaces(LocalSchemaIds.withAccepted());

/** Everything that topologies make of a small course. */
async function school(withKeys: boolean): Promise<string> {
  const data = newFolder();
  if (withKeys) await makeRing(data, { file: join(newFolder(), 'kek.json') }, 1);
  await onStorage(data, async (storage) => {
    await write(storage, LEARNERS);
    await run(storage);
  });
  return data;
}

const copied = (data: string): string => {
  const folder = newFolder();
  cpSync(data, folder, { recursive: true });
  return folder;
};

const reading = async <T>(data: string, work: (storage: EmbeddedStorage) => T | Promise<T>): Promise<T> => {
  const storage = await openEmbedded(data, { readOnly: true, markerIdOf });
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
};

function* recordsIn(storage: EmbeddedStorage): Generator<LogRecord & { readonly topic: string }> {
  const all = storage.log.topics().flatMap(({ name, partitions }) => Array.from({ length: partitions }, (_, partition) => ({ name, partition })));
  for (const { name, partition } of all) {
    for (const { offset, appendTimeMs, key, value, header, unopened = null } of localRecords(storage.log, name, partition))
      if (!isMarker(header)) yield { topic: name, offset, appendTimeMs, key, value, header, unopened };
  }
}

/** What is personal in a folder in clear, as bytes: envelopes, values of learners between stages, rows under keys of learners. */
function personalBytes(storage: EmbeddedStorage): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const add = (where: string, bytes: Buffer): void => {
    if (bytes.length >= LEAST_BYTES) found.set(`${where} ${bytes.toString('base64')}`, Buffer.from(bytes));
  };
  for (const { topic, key, value } of recordsIn(storage)) {
    if (value === null) continue;
    const place = places.placeOf(value);
    if (place !== null) add(topic, value.subarray(place.at + 1));
    else if (ownersAreKeys(topic) === null && LEARNERS.some((learner) => value.includes(learner) || key?.toString() === learner))
      add(topic, value.subarray(5));
  }
  for (const { key, value, store } of storage.contents.rows()) if (LEARNERS.includes(key)) add(`row of ${store}`, value);
  return found;
}

/** Every recommendation, decoded: those of the same events are the same. */
function recommendationsIn(storage: EmbeddedStorage): unknown[] {
  const name = `${REGION}.${topics.recommendations.name}`;
  const decode = decoderOf(storage, name)!;
  return [...recordsIn(storage)]
    .filter(({ topic, value }) => topic === name && value !== null)
    .map(({ key, value }) => [key!.toString(), decode(key!.toString(), value!)]);
}

const fileOf = (data: string): Buffer => readFileSync(join(data, 'data.mdb'));
const ofSeven = (records: readonly LogRecord[]): LogRecord[] => records.filter(({ key }) => key?.toString() === SEVEN);

let clear: string;
let sealed: string;

beforeAll(async () => {
  clear = await school(false);
  sealed = await school(true);
}, SLOW_MS);

describe('a folder with keys', { timeout: SLOW_MS }, () => {
  it('holds none of the values of its learners in any byte, and gives the same recommendations as one without', async () => {
    const personal = await reading(clear, personalBytes);
    const [clearFile, sealedFile] = [fileOf(clear), fileOf(sealed)];
    const kinds = new Set([...personal.keys()].map((where) => where.split(' ').slice(0, -1).join(' ')));
    for (const kind of [`${REGION}.learner-contexts`, `${REGION}.recommendations`, `${REGION}.dead-letters`, `${REGION}.quiz-mastery.v1.by-skill`]) {
      expect(
        [...kinds].some((one) => one.startsWith(kind.replace(/\.v1.*/, ''))),
        `${kind} of ${[...kinds].join(', ')}`,
      ).toBe(true);
    }
    expect([...kinds].filter((kind) => kind.startsWith('row of ')).length).toBeGreaterThan(3);
    const inClear = [...personal].filter(([, bytes]) => clearFile.includes(bytes)).map(([where]) => where);
    expect(inClear.length).toBe(personal.size);
    expect(personal.size).toBeGreaterThan(50);
    expect([...personal].filter(([, bytes]) => sealedFile.includes(bytes)).map(([where]) => where)).toEqual([]);
    const [there, here] = [await reading(clear, recommendationsIn), await reading(sealed, recommendationsIn)];
    expect(here.length).toBeGreaterThan(5);
    expect(here).toEqual(there);
  });

  it('is read as one without by every tool that goes through its storage', async () => {
    const decoded = (storage: EmbeddedStorage): unknown[][] =>
      [...recordsIn(storage)].map(({ topic, key, value, unopened }) => [topic, key?.toString(), value?.toString('hex'), unopened]);
    // In which order tasks fell silent or wrote to a partition, and which decisions are logged, is up to chance.
    const fixed = (records: unknown[][]): string[] =>
      records
        .filter(([topic]) => ![`${REGION}.control`, `${REGION}.feature-log`].includes(String(topic)))
        .map((record) => JSON.stringify(record))
        .sort();
    expect(fixed(await reading(sealed, decoded))).toEqual(fixed(await reading(clear, decoded)));
  });

  it('does not open without its keys, and stops a run on a record whose key is not there, losing nothing', async () => {
    const data = copied(sealed);
    rmSync(join(data, 'keys'), { recursive: true });
    await makeRing(data, { file: join(newFolder(), 'kek.json') }, 1);
    await onStorage(data, async (storage) => {
      await tellTime(storage, at(4));
      await expect(run(storage)).rejects.toMatchObject({ code: 'SFS_KEY_UNKNOWN' });
      const ends = (of: EmbeddedStorage): number[] => [0, 1, 2, 3].map((partition) => of.log.range(`${REGION}.dead-letters`, partition).end);
      expect(ends(storage)).toEqual(await reading(sealed, ends));
    });
  });

  it('is rotated while a run writes to it', async () => {
    const data = copied(sealed);
    await onStorage(data, async (storage) => {
      const rotation = rotateRing(data, { settleMs: 100 });
      await write(storage, ['learner-90', 'learner-91']);
      await run(storage);
      expect(await rotation).toMatchObject({ branch: 2, dropped: [1] });
      expect([...recordsIn(storage)].every(({ unopened }) => unopened === null)).toBe(true);
    });
    const ring = await FolderRing.open(data, { readOnly: true });
    expect(ring.counts().byBranch).toEqual(new Map([[2, ring.counts().keys]]));
    ring.close();
  });

  it('loses the key of a learner who is erased; what an old copy brings back is unlinkable, passed over and counted', async () => {
    const data = copied(sealed);
    const installation = installationIn(data);
    const key = SigningKey.at(join(erasuresFolder(installation), 'receipts.key'));
    const receipt = await eraseLearner({ installation, learner: SEVEN, key, clock: () => at(3) });
    expect(receipt.steps.find(({ step }) => step === 'data-key')?.did).toEqual({ sealed: true, deleted: true });
    expect((await verifyErased(installation, SEVEN)).filter(({ readable, unlinkable }) => readable + unlinkable > 0)).toEqual([]);

    // A backup of the data, without the keys, is put back.
    cpSync(join(sealed, 'data.mdb'), join(data, 'data.mdb'));
    if (existsSync(join(data, 'data.mdb-lock'))) rmSync(join(data, 'data.mdb-lock'));
    const folder = (await verifyErased(installation, SEVEN)).find(({ store }) => store === 'embedded-folder')!;
    // What says nothing but who, and the name in the control topic, is not sealed.
    expect(folder.unlinkable).toBeGreaterThan(20);
    await reading(data, (storage) => {
      const found = ofSeven([...recordsIn(storage)]).filter(({ value }) => value !== null);
      expect(found.filter(isUnlinkable).length).toBeGreaterThan(10);
      expect(
        found.filter(({ value, unopened }) => unopened === null && value !== null && (places.placeOf(value) !== null || isWhole(value))),
      ).toEqual([]);
      const forTools = [...Array(12).keys()].flatMap((partition) => [
        ...(localTools(storage).records(`${REGION}.clicks`, partition, 0) as Iterable<LogRecord>),
      ]);
      expect(ofSeven(forTools)).toEqual([]);
    });

    // Topologies that begin anew read all of it again.
    await onStorage(data, async (storage) => {
      const tasks = tasksOf(storage);
      await storage.remove({ topics: [], tasks });
      const before = lettersIn(storage);
      await run(storage);
      const counters = tasks.flatMap((task) => {
        const progress = storage.tasks.progress(task);
        return progress === null ? [] : [decodeProgress(progress).counters];
      });
      expect(counters.reduce((sum, { erased = 0 }) => sum + erased, 0)).toBeGreaterThan(10);
      expect(lettersIn(storage)).toBe(before);
    });
  });

  it('is archived sealed, and the archive is opened but for who is erased', async () => {
    const data = copied(sealed);
    const [out, opened, plain] = [newFolder(), newFolder(), newFolder()];
    const archived = ['clicks', 'learner-contexts', 'catalogue'];
    const asked = { region: REGION, topics: archived };
    await reading(clear, (storage) => Archive.open(localTools(storage), { ...asked, out: plain }).then((archive) => archive.untilEnd()));
    await reading(data, (storage) => Archive.open(localTools(storage), { ...asked, out, isSealed: true }).then((archive) => archive.untilEnd()));
    const lying = await rowsIn(out, 'clicks');
    expect(lying.every((row) => row['item'] === null && row['clicks'] === null && row['course'] !== null && isSealedValue(row['_sealed']))).toBe(
      true,
    );
    const open = (): Promise<unknown> => reading(data, (storage) => openArchive(localTools(storage), { ...asked, archive: out, out: opened }));
    await open();
    for (const topic of archived) expect(await rowsIn(opened, topic)).toEqual(await rowsIn(plain, topic));
    const ring = await FolderRing.open(data);
    ring.delete(SEVEN);
    ring.close();
    const own = lying.filter((row) => row['_key'] === SEVEN).length;
    expect(own).toBeGreaterThan(0);
    expect(await open()).toContainEqual({ topic: 'clicks', records: lying.length, erased: own });
    expect(
      (await rowsIn(opened, 'clicks'))
        .filter((row) => row['_key'] === SEVEN)
        .every((row) => row['_error'] === 'SFS_KEY_DELETED' && row['item'] === null),
    ).toBe(true);
  });

  it('is sealed by the command that is called again where it was cut off', async () => {
    const data = copied(clear);
    const kek = join(newFolder(), 'kek.json');
    const init = ['privacy', 'keys', 'init', '--kek', kek, '--data', data, '--region', REGION, '--json'];
    await onStorage(data, async () => {
      await expect(commandOutput(init)).rejects.toMatchObject({ code: 'SFS_FOLDER_LOCKED' });
    });
    expect(existsSync(join(data, 'keys', 'ring.json'))).toBe(false);
    await makeRing(data, { file: kek }, 1);
    writeFileSync(join(data, 'keys', 'unsealed'), '');
    const { sealed: counts } = JSON.parse(await commandOutput(init)) as { sealed: { records: number; rows: number } };
    expect(counts.records).toBeGreaterThan(50);
    await expect(commandOutput(init)).rejects.toMatchObject({ code: 'SFS_KEYS_EXIST' });
  });

  it('is made of one in clear by a command, which seals what was there; others rotate it and tell how it is', async () => {
    const data = copied(clear);
    const personal = await reading(clear, personalBytes);
    const there = await reading(data, recommendationsIn);
    const where = ['--data', data, '--region', REGION, '--json'];
    const kek = join(newFolder(), 'kek.json');
    await expect(commandOutput(['privacy', 'keys', 'status', ...where])).rejects.toMatchObject({ code: 'SFS_KEYS_MISSING' });
    const made = JSON.parse(await commandOutput(['privacy', 'keys', 'init', '--kek', kek, ...where])) as {
      sealed: { records: number; rows: number };
    };
    expect(made.sealed.records).toBeGreaterThan(50);
    expect(made.sealed.rows).toBeGreaterThan(5);
    expect(await reading(data, recommendationsIn)).toEqual(there);
    // Between stages the key alone tells whose a value was: of an answer under its skill it does not.
    const left = [...personal].filter(([name, bytes]) => !name.includes('.by-skill') && fileOf(data).includes(bytes)).map(([name]) => name);
    expect(left).toEqual([]);
    expect(JSON.parse(await commandOutput(['privacy', 'keys', 'rotate', ...where]))).toMatchObject({ branch: 2, dropped: [1] });
    expect(JSON.parse(await commandOutput(['privacy', 'keys', 'status', ...where]))).toMatchObject({ current: 2, deleted: 0, rotating: false });
    await expect(commandOutput(['privacy', 'keys', 'init', '--kek', kek, ...where])).rejects.toMatchObject({ code: 'SFS_KEYS_EXIST' });
  });
});

const isSealedValue = (bytes: unknown): boolean => places.placeOf(Buffer.from(bytes as Uint8Array))?.isSealed === true;

/** Rows of an archive, by partition and offset; when they were appended differs. */
async function rowsIn(archive: string, topic: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (const { path } of committedFiles(topicFolder(archive, topic, REGION)))
    rows.push(...(await parquetReadObjects({ file: await asyncBufferFromFile(path), utf8: false })));
  return rows.map(({ _append_time, ...row }) => row);
}

const recordsIn2 = (storage: EmbeddedStorage, name: string): LogRecord[] =>
  [...recordsIn(storage)].filter(({ topic }) => topic === `${REGION}.${name}`);
const lettersIn = (storage: EmbeddedStorage): number => recordsIn2(storage, 'dead-letters').length;

function tasksOf(storage: EmbeddedStorage): string[] {
  return [...new Set([...storage.contents.rows()].map(({ task }) => task))];
}
