import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { openIdentityMap } from '../../../gateway/index.js';
import { openDenyList } from '../../../reader/index.js';
import { verifyEmbedded, type EmbeddedStorage } from '../../../runtime/embedded/index.js';
import { isMarker } from '../../../runtime/engine/header.js';
import { localRecords, localTools } from '../../../runtime/localTools.js';
import type { LogRecord } from '../../../runtime/ports.js';
import { learnerId, topics } from '../../../schemas/index.js';
import { verifyArchive } from '../../../scripts/archive/verification.js';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { countsOf } from '../../../scripts/commands/reconciliation.js';
import { jsonOf } from '../../../scripts/commands/output.js';
import { skillforgeProgram } from '../../../scripts/commands/program.js';
import { verifyChain } from '../../../scripts/decisions/sealing.js';
import { sayInFolder } from '../../../scripts/privacy/consentAnew.js';
import { eraseLearner, erasuresFolder, lastReceipt, learnerDigest, type Receipt } from '../../../scripts/privacy/erasure/saga.js';
import { personalStores } from '../../../scripts/privacy/erasure/places.js';
import { SigningKey, isAsSigned, type Signed } from '../../../scripts/privacy/erasure/signing.js';
import { STEPS } from '../../../scripts/privacy/erasure/steps.js';
import { verifyErased } from '../../../scripts/privacy/erasure/verification.js';
import { exportLearner, type ExportLine } from '../../../scripts/privacy/learnerExport.js';
import { HOUR_MS, at, click } from '../../topologies/clicks.js';
import { catalogueItem, statement } from '../../topologies/statements.js';
import { ADA, BOB, REGION, SEVENTY, SEVEN, append, copyOf, erasable, onStorage, run, tellTime, type Erasable } from './erasable.js';
import { newFolder } from '../../fixtures/folders.js';
import { fillOutbox } from './filledOutbox.js';

const SLOW_MS = 180_000;
const NOW = at(3);
/** Stores of the fixture that hold something of the learner: all that there are on one machine, but the list of denied ones, which is empty. */
const FILLED = ['embedded-folder', 'reader-view', 'reader-outbox', 'identity-map', 'archive', 'batch-features', 'exports', 'model-cache'];

/** Opens a view and looks into it, as a reader does, until it is killed. */
const READER = `
  import { open } from 'lmdb';
  const root = open({ path: process.argv[1], noSubdir: true, maxDbs: 4, encoding: 'binary', keyEncoding: 'binary' });
  root.openDB('heads', { encoding: 'binary', keyEncoding: 'binary', useVersions: true }).get(Buffer.from('head'));
  process.stdout.write('open');
  setInterval(() => {}, 1000);
`;

const clicksOf = (learner: string, day: number) => [
  click(learner, at(day, HOUR_MS), { item: 'i1' }),
  click(learner, at(day, 2 * HOUR_MS), { item: 'i2' }),
];

let made: Erasable;

const keyOf = ({ installation }: Erasable): SigningKey => SigningKey.at(join(erasuresFolder(installation), 'receipts.key'));
const erase = (place: Erasable, reached?: (step: string, when: string) => void, learner = place.ada) =>
  eraseLearner({ installation: place.installation, learner, key: keyOf(place), clock: () => NOW, ...(reached === undefined ? {} : { reached }) });

/** Stores in which something readable is found. */
async function dirty({ installation, ada }: Erasable, learner = ada): Promise<string[]> {
  return (await verifyErased(installation, learner)).filter(({ readable }) => readable > 0).map(({ store }) => store);
}

async function exported({ installation }: Erasable, learner: string): Promise<ExportLine[]> {
  const lines: ExportLine[] = [];
  for await (const line of exportLearner(installation, learner)) lines.push(line);
  return lines;
}

/** How many records and rows of a learner the folder has. */
const heldOf = async (place: Erasable, learner: string): Promise<number> =>
  (await exported(place, learner)).filter((line) => 'where' in line && line.store === 'embedded-folder').length;

/** Records by topic that are not of the learner. */
function othersIn(storage: EmbeddedStorage, learner: string): Record<string, number> {
  const isOther = ({ key, value, header }: LogRecord): boolean =>
    !isMarker(header) && key?.toString() !== learner && value?.includes(learner) !== true;
  const counted = storage.log.topics().map(({ name, partitions }) => {
    const all = Array.from({ length: partitions }, (_, partition) => [...localRecords(storage.log, name, partition)]);
    return [name, all.flat().filter(isOther).length] as const;
  });
  return Object.fromEntries(counted);
}

beforeAll(async () => {
  made = await erasable();
  await fillOutbox(made);
}, SLOW_MS);

describe('the data of a learner', { timeout: SLOW_MS }, () => {
  it('are exported from every store of the inventory that holds personal data, decoded', async () => {
    const lines = await exported(made, made.ada);
    const told = lines.filter((line) => !('where' in line)).map(({ store }) => store);
    expect(told).toEqual(personalStores);
    const found = Object.fromEntries(lines.flatMap((line) => ('found' in line ? [[line.store, line.found]] : [])));
    expect(Object.keys(found).filter((store) => found[store]! > 0)).toEqual(personalStores.filter((store) => FILLED.includes(store)));
    expect(lines.filter((line) => 'unseen' in line).map(({ store }) => store)).toEqual([
      'kafka-log',
      'redis-state',
      'feature-store',
      'home-register',
      'snapshots',
    ]);
    const records = lines.filter((line) => 'where' in line && line.where.startsWith(`${REGION}.`));
    const inTopics = new Set(records.map((line) => ('where' in line ? line.where.split('/')[0] : '')));
    for (const topic of [
      topics.clicks,
      topics.profiles,
      topics.recommendations,
      topics.learnerActivity,
      topics.control,
      topics.deadLetters,
      topics.experimentExposures,
    ])
      expect(inTopics).toContain(`${REGION}.${topic.name}`);
    const rows = lines.filter((line) => 'where' in line && line.store === 'embedded-folder' && /\bassigned\b/.test(line.where));
    expect(rows.length, 'rows of the variation that the learner was assigned to').toBeGreaterThan(0);
    const clicked = records.find((line) => 'where' in line && line.where.startsWith(`${REGION}.clicks/`));
    expect(clicked).toMatchObject({ value: { key: made.ada, value: { learner: made.ada, personal: { item: 'i1', clicks: 1 } } } });
  });

  it('are of nobody else, also where a row or a record is of several learners', async () => {
    const text = jsonOf(await exported(made, made.ada));
    expect([made.bob, SEVEN, SEVENTY].filter((other) => text.includes(`"${other}"`))).toEqual([]);
    expect(text).toContain('activeLearners');
  });

  it('are written to a file that its owner alone may read', async () => {
    const [out, words] = [join(newFolder(), 'seventy.jsonl'), ['privacy', 'export', SEVENTY]];
    const program = await skillforgeProgram(words);
    await program.parseAsync([...words, '--data', made.installation.data, '--region', REGION, '--out', out, '--json'], { from: 'user' });
    expect((statSync(out).mode & 0o777).toString(8)).toBe('600');
    expect(readFileSync(out, 'utf8')).toContain(`"learner":"${SEVENTY}"`);
  });

  it('are not looked for where a place is named that is not there', async () => {
    const also = [join(made.installation.data, 'none')];
    const elsewhere = { ...made, installation: { ...made.installation, also } };
    await expect(exported(elsewhere, made.ada)).rejects.toMatchObject({ code: 'SFS_FILE_UNREADABLE' });
    await expect(erase(elsewhere)).rejects.toMatchObject({ code: 'SFS_FILE_UNREADABLE' });
    await expect(verifyErased(elsewhere.installation, made.ada)).rejects.toMatchObject({ code: 'SFS_FILE_UNREADABLE' });
  });

  it('are those of nobody whose name begins in the same way', async () => {
    const inLines = async (learner: string): Promise<number> =>
      (await exported(made, learner)).filter((line) => 'where' in line && line.where.includes('recommendations.jsonl')).length;
    expect([await inLines(SEVEN), await inLines(SEVENTY)]).toEqual([0, 1]);
  });
});

describe('an erasure', { timeout: SLOW_MS }, () => {
  let place: Erasable;
  let receipt: Signed<Receipt>;
  let before: Record<string, number>;
  let heldOfBob: number;
  const others = (): Promise<Record<string, number>> =>
    onStorage(place.installation.data, (storage) => Promise.resolve(othersIn(storage, place.ada)));

  beforeAll(async () => {
    place = copyOf(made);
    [before, heldOfBob] = [await others(), await heldOf(place, place.bob)];
    expect(await dirty(place)).toEqual([...personalStores.filter((store) => FILLED.includes(store)), 'raw files']);
    receipt = await erase(place);
  }, SLOW_MS);

  it('leaves nothing readable in any store, nor in the bytes of the folder, and everything of the others', async () => {
    const verified = await verifyErased(place.installation, place.ada);
    expect(verified.filter(({ readable }) => readable > 0)).toEqual([]);
    expect(verified.filter(({ nameAlone }) => nameAlone > 0).map(({ store }) => store)).toEqual(['deny-list', 'raw files']);
    // The experiment that named the learner stays, without the name.
    expect(await others()).toEqual({ ...before, [`${REGION}.control`]: (before[`${REGION}.control`] ?? 0) + 1 });
    expect(await heldOf(place, place.bob)).toBe(heldOfBob);
    expect(verifyEmbedded(place.installation.data).problems).toEqual([]);
    expect(readdirSync(place.installation.data).filter((name) => name.startsWith('.new-'))).toEqual([]);
  });

  it('leaves chain, archive and counts as they have to be', async () => {
    const { installation } = place;
    await onStorage(installation.data, async (storage) => {
      const tools = localTools(storage);
      const chain = await verifyChain(tools, { folder: installation.chain, region: REGION });
      expect([chain.breaches, chain.erased > 0, chain.records > 0]).toEqual([[], true, true]);
      for (const { name } of [topics.clicks, topics.quizResults, topics.learnerContexts]) {
        const partitions = await verifyArchive(tools, join(installation.data, 'archive'), name, REGION);
        expect(partitions.flatMap(({ problems }) => problems)).toEqual([]);
      }
      expect((await countsOf(tools, undefined, REGION)).flatMap(({ problems }) => problems)).toEqual([]);
    });
    const features = join(installation.data, 'features', 'learner_quiz_scores', 'day=2024-01-02', 'part.parquet');
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(features) });
    const time = new Date(at(1));
    expect(rows.map((row) => ({ ...row }))).toEqual([place.bob, SEVENTY].map((learner) => ({ learner, event_timestamp: time, score: 0.5 })));
    expect(readFileSync(join(installation.data, 'exports', 'recommendations.jsonl'), 'utf8').split('\n')).toHaveLength(3);
    expect(existsSync(join(installation.data, 'training', 'one'))).toBe(false);
    const identities = openIdentityMap(installation.gatewayFolder);
    expect([identities.find(ADA), identities.find(BOB)]).toEqual([null, place.bob]);
    await identities.close();
  });

  it('gives a receipt that is signed, and names nobody', () => {
    expect(isAsSigned(receipt)).toBe(true);
    expect(isAsSigned({ ...receipt, finishedAtMs: receipt.finishedAtMs + 1 })).toBe(false);
    expect(JSON.stringify(receipt)).not.toContain(place.ada);
    expect(receipt.learner.sha256).toBe(learnerDigest(receipt.learner.salt, place.ada));
    expect(receipt.steps.map(({ step, attempts }) => [step, attempts])).toEqual(STEPS.map(({ name }) => [name, 1]));
    expect(lastReceipt(place.installation, keyOf(place), place.ada)).toMatchObject({ isSigned: true, receipt });
    expect(lastReceipt(place.installation, keyOf(place), place.bob)).toBeNull();
    const swept = receipt.steps.find(({ step }) => step === 'log-and-state')!.did as { records: Record<string, number>; rows: number };
    expect(swept.records[`${REGION}.clicks`]).toBe(6);
    expect(swept.rows).toBeGreaterThan(5);
  });

  it('events that come late bring nobody back, and stop nobody', async () => {
    await onStorage(place.installation.data, async (storage) => {
      await append(storage, topics.clicks, [...clicksOf(place.ada, 3), ...clicksOf(place.bob, 3)], at(4));
      await append(storage, topics.lmsEvents, [statement('ENROLLED', place.ada, at(3))], at(4));
      await tellTime(storage, at(4));
      await run(storage);
      expect((await countsOf(localTools(storage), undefined, REGION)).flatMap(({ problems }) => problems)).toEqual([]);
    });
    expect(await dirty(place)).toEqual([]);
    // The others go on: their lists are made anew after what came late.
    const madeAt = (await exported(place, place.bob)).flatMap((line) =>
      'where' in line && line.where.startsWith(`${REGION}.recommendations/`) ? [(line.value as { value: { madeAtMs: number } }).value.madeAtMs] : [],
    );
    expect(Math.max(...madeAt)).toBeGreaterThan(at(3));
  });

  it('nothing is written of the learner but a later consent, with which they begin anew', async () => {
    const { installation, ada } = place;
    const say = (storage: EmbeddedStorage, said: object, atMs: number) =>
      sayInFolder(storage, installation.view, { region: REGION, learner: learnerId(ada), atMs }, said);
    await onStorage(installation.data, async (storage) => {
      for (const said of [{ restricted: true }, { objectsToProfiling: true }, { consentProfiling: false }])
        await expect(say(storage, said, NOW + 1)).rejects.toMatchObject({ code: 'SFS_LEARNER_ERASED' });
      await expect(say(storage, { consentProfiling: true }, NOW)).rejects.toMatchObject({ code: 'SFS_LEARNER_ERASED' });
      // Killed in between: the same consent does what is left.
      const killed = vi.spyOn(storage, 'acceptKey').mockRejectedValueOnce(new Error('killed'));
      await expect(say(storage, { consentProfiling: true }, NOW + 1)).rejects.toThrow('killed');
      expect(storage.erasedSince(ada)).not.toBeNull();
      killed.mockRestore();
      await say(storage, { consentProfiling: true }, NOW + 1);
      await append(storage, topics.lmsEvents, [statement('ENROLLED', ada, NOW + 2)], at(4));
      await append(storage, topics.clicks, clicksOf(ada, 3), at(4));
      await tellTime(storage, at(4));
      await run(storage);
    });
    const values = (await exported(place, ada)).flatMap((line) => ('where' in line && line.where.startsWith(`${REGION}.`) ? [line] : []));
    expect(values.filter(({ where }) => where.startsWith(`${REGION}.clicks/`))).toHaveLength(2);
    expect(values.some(({ where }) => where.startsWith(`${REGION}.recommendations/`))).toBe(true);
    const contexts = values.filter(({ where }) => where.startsWith(`${REGION}.learner-contexts/`));
    // The attributes of the old profile are not there any more: there is no segment.
    expect(contexts.at(-1)).toMatchObject({ value: { value: { personal: { consentProfiling: true, segment: null } } } });
    const denied = openDenyList({ folder: installation.view });
    expect(denied.has(ada)).toBe(false);
    await denied.close();
  });

  it('needs each of its steps: what is left is found until its step has been done', async () => {
    const stepped = copyOf(made);
    const cleaned: Record<string, string[]> = {};
    let left = await dirty(stepped);
    for (const { name } of STEPS) {
      // One step is done for each call.
      await erase(stepped, (step, when) => {
        if (step === name && when === 'done') throw new Error('stop');
      }).catch(() => undefined);
      const after = await dirty(stepped);
      cleaned[name] = left.filter((store) => !after.includes(store));
      left = after;
    }
    expect(cleaned).toEqual({
      'deny-list': [],
      refuse: [],
      'identity-map': ['identity-map'],
      'decision-seals': [],
      'log-and-state': ['embedded-folder'],
      'data-key': [],
      'data-file': [],
      files: ['archive', 'batch-features', 'exports', 'model-cache'],
      'feature-store': [],
      'reader-outbox': ['reader-outbox'],
      'reader-view': ['reader-view', 'raw files'],
    });
  });
});

describe('an erasure that is not as simple', { timeout: SLOW_MS }, () => {
  it('is refused on one of two servers, and where there is no folder', async () => {
    const command = async (...words: string[]): Promise<void> => {
      const program = await skillforgeProgram(['privacy', words[0]!]);
      await program.parseAsync(['privacy', ...words], { from: 'user' });
    };
    for (const name of ['erase', 'export']) {
      await expect(command(name, 'x', '--redis', 'redis://localhost')).rejects.toMatchObject({ code: 'SFS_ERASURE_SERVERS' });
      await expect(command(name, 'x', '--data', join(made.installation.data, 'none'))).rejects.toMatchObject({ code: 'SFS_FOLDER_MISSING' });
    }
  });

  it('does all else where it has to wait for a reader, and where a file has a form that nobody can tell', async () => {
    const waiting = copyOf(made);
    const report = join(waiting.installation.data, 'exports', 'report.csv');
    writeFileSync(report, `learner,clicks\n${waiting.ada},6\n`);
    const view = join(waiting.installation.view, 'view.mdb');
    const reader = spawn(process.execPath, ['--input-type=module', '-e', READER, view], { cwd: projectRoot, stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      await once(reader.stdout, 'data');
      await expect(erase(waiting)).rejects.toMatchObject({ code: 'SFS_ERASURE_STUCK', context: { paths: [report] } });
      expect(await dirty(waiting)).toEqual(['exports', 'raw files']);
      rmSync(report);
      await expect(erase(waiting)).rejects.toMatchObject({ code: 'SFS_ERASURE_WAITS', context: { pids: [reader.pid] } });
      // The rows are gone from the view all the same.
      expect(await dirty(waiting)).toEqual(['raw files']);
    } finally {
      reader.kill('SIGKILL');
      await once(reader, 'exit');
    }
    const { steps } = await erase(waiting);
    expect(steps.filter(({ attempts }) => attempts > 1).map(({ step, attempts }) => [step, attempts])).toEqual([
      ['files', 2],
      ['reader-view', 3],
    ]);
    expect(await dirty(waiting)).toEqual([]);
  });

  it('leaves an item that is called as the learner is, and a learner whose name begins so', async () => {
    const place = copyOf(made);
    const { data } = place.installation;
    const [own, others] = [clicksOf('7', 4), [...clicksOf('7.5', 4), click(place.bob, at(4, 4 * HOUR_MS), { item: '7' })]];
    await onStorage(data, async (storage) => {
      await append(storage, topics.catalogue, [catalogueItem('7', at(3))], at(4));
      await append(storage, topics.clicks, [...own, ...others], at(6));
      await tellTime(storage, at(6));
      await run(storage);
    });
    const lines = [{ learner: '7' }, { learner: '7.5' }, { learner: place.bob, item: '7' }].map((line) => `${JSON.stringify(line)}\n`);
    writeFileSync(join(data, 'exports', 'numbers.jsonl'), lines.join(''));
    const values = (topic: { readonly name: string }): Promise<string[]> =>
      onStorage(data, (storage) => {
        const spec = storage.log.topics().find(({ name }) => name === `${REGION}.${topic.name}`)!;
        const all = Array.from({ length: spec.partitions }, (_, partition) => [...localRecords(storage.log, spec.name, partition)]).flat();
        return Promise.resolve(all.filter(({ header }) => !isMarker(header)).map(({ key }) => key?.toString() ?? ''));
      });
    const untouched = [topics.catalogue, topics.curricula, topics.itemTrends, topics.cohortTrends, topics.segmentRecommendations];
    const clicked = await values(topics.clicks);
    const counted: number[] = [];
    for (const topic of untouched) counted.push((await values(topic)).length);
    await erase(place, undefined, '7');
    expect(await values(topics.clicks)).toEqual(clicked.filter((key) => key !== '7'));
    const after: number[] = [];
    for (const topic of untouched) after.push((await values(topic)).length);
    expect(after).toEqual(counted);
    expect(await dirty(place, '7')).toEqual([]);
    expect(readFileSync(join(data, 'exports', 'numbers.jsonl'), 'utf8')).toBe(lines.slice(1).join(''));
  });

  it('does what is left where other places are named, and leaves what is no export of training', async () => {
    const place = copyOf(made);
    const [mine, also] = [join(place.installation.data, 'exports', 'mine'), newFolder()];
    mkdirSync(mine);
    writeFileSync(join(mine, 'export.json'), JSON.stringify({ learners: [place.ada] }));
    writeFileSync(join(mine, 'thesis.txt'), 'of years');
    await expect(erase(place)).rejects.toMatchObject({ code: 'SFS_ERASURE_STUCK', context: { paths: [join(mine, 'export.json')] } });
    expect(readdirSync(mine)).toEqual(['export.json', 'thesis.txt']);
    rmSync(mine, { recursive: true });
    writeFileSync(join(also, 'more.jsonl'), `${JSON.stringify({ learner: place.ada })}\n`);
    const outside = newFolder();
    writeFileSync(join(outside, 'far.jsonl'), place.ada);
    symlinkSync(outside, join(also, 'far'));
    const named = { ...place, installation: { ...place.installation, also: [also] } };
    await expect(erase(named)).rejects.toMatchObject({ code: 'SFS_ERASURE_STUCK', context: { paths: [join(also, 'far')] } });
    rmSync(join(also, 'far'));
    const opaque = ['broken.parquet', 'packed.gz'].map((name) => join(also, name));
    writeFileSync(opaque[0]!, 'no table');
    writeFileSync(opaque[1]!, gzipSync(place.ada));
    await expect(erase(named)).rejects.toMatchObject({ code: 'SFS_ERASURE_STUCK', context: { paths: opaque } });
    for (const path of opaque) rmSync(path);
    const unfinished = join(place.installation.data, 'exports', 'late.jsonl.unfinished');
    writeFileSync(unfinished, place.ada);
    cpSync(join(made.installation.data, 'training', 'one'), also, { recursive: true });
    writeFileSync(join(also, 'notes.txt'), 'of years');
    const { remaining, steps } = await erase(named);
    expect(steps.find(({ step }) => step === 'identity-map')!.attempts).toBe(2);
    expect(remaining.map(({ store }) => store)).not.toContain('snapshots');
    expect([existsSync(unfinished), readdirSync(also), readFileSync(join(also, 'more.jsonl'), 'utf8')]).toEqual([
      false,
      ['more.jsonl', 'notes.txt'],
      '',
    ]);
  });
});
