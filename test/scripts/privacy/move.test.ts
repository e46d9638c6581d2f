import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openHomeRegister, openIdentityMap } from '../../../gateway/index.js';
import { localRecords } from '../../../runtime/localTools.js';
import { makeRing } from '../../../runtime/keys/folderRing.js';
import { courseId, learnerId, physicalTopicName, topics, type Topic } from '../../../schemas/index.js';
import { runTopologies } from '../../../scripts/commands/topologyRun.js';
import { erasuresFolder, learnerDigest } from '../../../scripts/privacy/erasure/saga.js';
import { isAsSigned } from '../../../scripts/privacy/erasure/signing.js';
import { STEPS } from '../../../scripts/privacy/erasure/steps.js';
import { verifyErased } from '../../../scripts/privacy/erasure/verification.js';
import { BRINGING_STEPS } from '../../../scripts/privacy/move/bringing.js';
import { CARRIED, STAYING } from '../../../scripts/privacy/move/carry.js';
import { loadTopology, ownTopologyFiles } from '../../../scripts/topologyFiles.js';
import { commandOutput } from '../../fixtures/commandOutput.js';
import { newFolder } from '../../fixtures/folders.js';
import { HOUR_MS, at, click } from '../../topologies/clicks.js';
import { profile, quiz, statement } from '../../topologies/statements.js';
import { ADA, BOB, REGION, append, copyOf, erasable, installationIn, onStorage, type Erasable } from './erasable.js';
import { NORTH, appendTo, clickOf, killedMove, move, pseudonymOf, regionBeside, sent, settledGateway, valuesOf, type TwoRegions } from './moving.js';

const SLOW_MS = 300_000;
const OWN = await Promise.all(ownTopologyFiles().map(loadTopology));
/** What topologies of a region read. */
const READ = [topics.clicks, topics.quizResults, topics.lmsEvents, topics.catalogue, topics.profiles] as readonly Topic<string, unknown>[];

let made: Erasable;

/** Two regions, the first with something of Ada's that no topology reads. */
async function two(): Promise<TwoRegions & { readonly place: Erasable }> {
  const place = copyOf(made);
  await onStorage(place.installation.data, async (storage) => {
    const exposed = { experiment: '', variant: '', recommendationMadeAtMs: at(1), personal: { list: 'NEXT' as const, items: [], propensities: [] } };
    const { personal: _, ...common } = click(place.ada, at(1));
    await append(storage, topics.exposures, [{ ...common, ...exposed }], at(2));
    const decided = { baseline: true, pinned: [], excluded: [], by: 'a teacher', reason: 'asked for it' };
    await append(storage, topics.overrides, [{ learner: learnerId(place.ada), region: REGION, id: 'o', madeAtMs: at(2), personal: decided }], at(2));
  });
  return { ...(await regionBeside(place.installation)), place };
}

/** Runs all topologies of the new region up to the end. */
async function runNorth({ to }: TwoRegions): Promise<void> {
  await onStorage(to.data, (storage) => runTopologies(storage, OWN, { region: NORTH, mode: 'until-end', stopped: new AbortController().signal }));
}

/** Tells the time to everything that topologies of the new region read. */
async function tellNorth({ to }: TwoRegions, clockMs: number): Promise<void> {
  await onStorage(to.data, async (storage) => {
    for (const topic of READ) await appendTo(storage, topic, [], clockMs);
  });
}

/** Records that topologies of a region put aside, by what stands in them. */
const asideIn = ({ to }: TwoRegions, name: string): Promise<number> =>
  onStorage(to.data, (storage) => {
    const letters = physicalTopicName(NORTH, topics.deadLetters.name);
    const partitions = storage.log.topics().find((spec) => spec.name === letters)?.partitions ?? 0;
    const all = Array.from({ length: partitions }, (_, partition) => [...localRecords(storage.log, letters, partition)]).flat();
    return Promise.resolve(all.filter(({ value }) => value?.includes(name) === true).length);
  });

const homeOf = async (homes: string): Promise<string | null> => {
  const register = openHomeRegister(homes);
  const home = await register.find(ADA);
  await register.close();
  return home;
};

const readableOf = async ({ from, homes }: TwoRegions, learner: string): Promise<string[]> =>
  (await verifyErased({ ...from, homes }, learner)).filter(({ readable }) => readable > 0).map(({ store }) => store);

beforeAll(async () => {
  made = await erasable();
}, SLOW_MS);

describe('a move', { timeout: SLOW_MS }, () => {
  it('has exactly one region take an event, whatever step it was killed in, and brings each event once', async () => {
    const regions = await two();
    const { from, to, homes, place } = regions;
    const before = await valuesOf(from, topics.clicks, place.ada);
    const whole = [...BRINGING_STEPS, 'receipt'].flatMap((step) => [`${step} begun`, `${step} worked`]);
    // The erasure is killed before the work of its steps by a test of its own.
    const kills = [...whole.slice(0, -2), ...STEPS.map(({ name }) => `erase ${name} worked`), ...whole.slice(-2), 'receipt done'];
    const homesSeen: (string | undefined)[] = [];
    const taken: { readonly eventId: string }[] = [];
    const probe = async (name: string, sides: TwoRegions['to'][]): Promise<void> => {
      const event = clickOf(name, Date.now());
      const answers = [];
      for (const side of sides) answers.push({ at: side.region, ...(await sent(side, homes, event)) });
      const [taking, ...others] = answers.filter(({ status }) => status === 200);
      const refusing = answers.filter(({ status }) => status !== 200);
      expect([name, others.length, refusing.map(({ status, region }) => [status, region])]).toEqual([name, 0, [[421, taking?.at]]]);
      homesSeen.push(taking?.at);
      taken.push(event);
    };
    await probe('first', [from, to]);
    for (const [n, kill] of kills.entries()) {
      const reached = (step: string, when: string): void => {
        if (`${step} ${when}` === kill) throw new Error(`killed: ${kill}`);
      };
      await expect(move(regions, { reached })).rejects.toThrow(`killed: ${kill}`);
      await probe(`after ${kill}`, n % 2 === 0 ? [from, to] : [to, from]);
    }
    const receipt = await move(regions);
    await probe('last', [to, from]);
    const switched = 1 + kills.indexOf('switch worked');
    expect(homesSeen).toEqual(homesSeen.map((_, n) => (n < switched ? REGION : NORTH)));
    // Sent again to where its sender is sent by now, each is a repeat.
    for (const event of taken) expect(JSON.parse((await sent(to, homes, event)).text)).toEqual({ written: 0, repeated: 1 });
    const heir = (await pseudonymOf(to.gatewayFolder))!;
    const after = await valuesOf(to, topics.clicks, heir);
    const ids = (values: readonly { readonly eventId: string }[]): string[] => values.map(({ eventId }) => eventId.replace(place.ada, heir)).sort();
    expect(ids(after)).toEqual(ids([...before, ...taken]));
    expect(receipt.carried[topics.clicks.name]).toBe(before.length + switched);
    expect(await readableOf(regions, place.ada)).toEqual([]);
  });

  it('goes on in another process where one was killed outright', async () => {
    const regions = await two();
    const { from, to, place } = regions;
    const clicks = (await valuesOf(from, topics.clicks, place.ada)).length;
    for (const [instant, home] of [
      ['carry worked', REGION],
      ['switch worked', NORTH],
      ['erase log-and-state worked', NORTH],
    ] as const) {
      expect(await killedMove(regions, instant)).toBe('SIGKILL');
      expect(await homeOf(regions.homes)).toBe(home);
    }
    const receipt = await move(regions);
    expect(receipt.erasure.steps.find(({ step }) => step === 'log-and-state')!.attempts).toBe(2);
    expect(await valuesOf(to, topics.clicks, (await pseudonymOf(to.gatewayFolder))!)).toHaveLength(clicks);
    expect(await readableOf(regions, place.ada)).toEqual([]);
  });

  it('brings what was told of the learner, what they did and what people decided for them, tagged for the new region', async () => {
    const regions = await two();
    const { from, to, homes, place } = regions;
    const old = await Promise.all(CARRIED.map(async (topic) => [topic.name, await valuesOf(from, topic, place.ada)] as const));
    const bobs = await valuesOf(from, topics.clicks, place.bob);
    const receipt = await move(regions);
    const heir = (await pseudonymOf(to.gatewayFolder))!;
    expect(heir).not.toBe(place.ada);
    for (const [name, values] of old) {
      const topic = CARRIED.find((one) => one.name === name)!;
      expect(values.length).toBeGreaterThan(0);
      const anew = values.map((value): unknown => JSON.parse(JSON.stringify({ ...(value as object), region: NORTH }).replaceAll(place.ada, heir)));
      expect(await valuesOf(to, topic, heir)).toEqual(anew);
    }
    expect(receipt.carried).toEqual(Object.fromEntries(old.map(([name, values]) => [name, values.length])));
    expect(receipt.left).toEqual({ [topics.exposures.name]: 1 });
    // Nothing is there that a topology made, and nothing under the old pseudonym.
    const there = await onStorage(to.data, (storage) => Promise.resolve(storage.log.topics().map(({ name }) => name)));
    expect(there.filter((name) => ![...CARRIED, topics.catalogue, topics.deadLetters].some((topic) => name === `${NORTH}.${topic.name}`))).toEqual(
      [],
    );
    expect((await verifyErased(installationIn(to.data), place.ada)).filter(({ readable }) => readable > 0)).toEqual([]);
    expect(await readableOf(regions, place.ada)).toEqual([]);
    expect(await valuesOf(from, topics.clicks, place.bob)).toEqual(bobs);
    expect([await pseudonymOf(from.gatewayFolder), await pseudonymOf(from.gatewayFolder, BOB), await homeOf(homes)]).toEqual([
      null,
      place.bob,
      NORTH,
    ]);
  });

  it('goes through every topic of a learner that is no result of another one', () => {
    const ofLearners = Object.values(topics as Readonly<Record<string, Topic<string, unknown>>>).filter(
      ({ derived, keyFields }) => !derived && keyFields.join() === 'learner',
    );
    expect([...CARRIED, ...STAYING].map(({ name }) => name).sort()).toEqual(ofLearners.map(({ name }) => name).sort());
  });

  it('gives a receipt that is signed and names nobody, again where it is called again, and leaves no journal', async () => {
    const regions = await two();
    const { from, to, place } = regions;
    const receipt = await move(regions, { transferBasis: 'none is needed' });
    expect(isAsSigned(receipt)).toBe(true);
    expect(isAsSigned({ ...receipt, to: REGION })).toBe(false);
    const heir = (await pseudonymOf(to.gatewayFolder))!;
    expect([place.ada, heir, ADA].filter((name) => JSON.stringify(receipt).includes(name))).toEqual([]);
    expect(receipt.learner.sha256).toBe(learnerDigest(receipt.learner.salt, place.ada));
    expect(receipt.heir.sha256).toBe(learnerDigest(receipt.heir.salt, heir));
    expect(receipt).toMatchObject({ from: REGION, to: NORTH, transferBasis: 'none is needed' });
    expect(readdirSync(erasuresFolder(from)).filter((name) => name.endsWith('.move.json') || name.endsWith('.lock'))).toEqual([]);
    expect(await move(regions)).toEqual(receipt);
    expect(await valuesOf(to, topics.quizResults, heir)).toHaveLength(receipt.carried[topics.quizResults.name]!);
  });

  it('has the new region make everything anew: state, consent and lists', async () => {
    const regions = await two();
    const { to } = regions;
    await move(regions);
    const heir = (await pseudonymOf(to.gatewayFolder))!;
    await tellNorth(regions, at(2, 5 * HOUR_MS));
    await runNorth(regions);
    expect((await valuesOf(to, topics.learnerActivity, heir)).length).toBeGreaterThan(2);
    expect((await valuesOf(to, topics.learnerContexts, heir)).at(-1)!.personal).toMatchObject({ consentProfiling: true });
    expect((await valuesOf(to, topics.recommendations, heir)).at(-1)).toMatchObject({ learner: heir, region: NORTH });
    expect(await asideIn(regions, heir)).toBe(0);
  });

  it('into a region whose clock is ahead brings what is known, and no windows of the past', async () => {
    const regions = await two();
    const { to, place } = regions;
    await onStorage(to.data, async (storage) => {
      const inNorth = <V extends object>(value: V): V => ({ ...value, region: NORTH });
      await appendTo(storage, topics.profiles, [inNorth(profile('x', at(30)))], at(30));
      await appendTo(storage, topics.lmsEvents, [inNorth(statement('ENROLLED', 'x', at(30)))], at(30));
      await appendTo(storage, topics.quizResults, [inNorth(quiz('x', at(30), true))], at(30));
      await appendTo(storage, topics.clicks, [inNorth(click('x', at(30)))], at(30));
    });
    await tellNorth(regions, at(31));
    await runNorth(regions);
    await move(regions);
    const heir = (await pseudonymOf(to.gatewayFolder))!;
    await tellNorth(regions, at(32));
    await runNorth(regions);
    const clicked = await valuesOf(to, topics.clicks, heir);
    expect(clicked.map(({ occurredAtMs }) => occurredAtMs)).not.toContain(at(31));
    expect(await valuesOf(to, topics.learnerActivity, heir)).toEqual([]);
    expect(await asideIn(regions, heir)).toBeGreaterThanOrEqual(clicked.length);
    expect((await valuesOf(to, topics.learnerContexts, heir)).at(-1)!.personal).toMatchObject({ consentProfiling: true });
    expect(await valuesOf(to, topics.learnerMastery, heir)).not.toEqual([]);
    const courses = (await valuesOf(to, topics.recommendations, heir)).at(-1)!.personal.courses.map(({ course }) => course);
    expect(courses).toEqual([courseId('AAA-2024J')]);
    expect(await readableOf(regions, place.ada)).toEqual([]);
  });

  it('goes on to a pseudonym that the new region has not erased, and back again', async () => {
    const regions = await two();
    const { from, to, homes } = regions;
    const map = openIdentityMap(to.gatewayFolder);
    const [refused] = await map.pseudonymsOf([ADA]);
    await map.close();
    await onStorage(to.data, (storage) => storage.eraseKey(refused!, at(1)));
    await move(regions);
    const heir = (await pseudonymOf(to.gatewayFolder))!;
    expect(heir).not.toBe(refused);
    await settledGateway(from.gatewayFolder, REGION);
    const back = {
      from: { ...installationIn(to.data), region: NORTH },
      to: { data: from.data, region: REGION, gatewayFolder: from.gatewayFolder },
      homes,
    };
    const receipt = await move(back);
    expect(await homeOf(homes)).toBe(REGION);
    const third = (await pseudonymOf(from.gatewayFolder))!;
    expect(await valuesOf(from, topics.clicks, third)).toHaveLength(receipt.carried[topics.clicks.name]!);
    expect(await readableOf(back, heir)).toEqual([]);
    // Erased where they are at home, they are at home nowhere.
    expect(await readableOf(regions, third)).toContain('home-register');
  });
});

describe('a move between folders with keys', { timeout: SLOW_MS }, () => {
  it('seals what it brings under a key of the new folder, and is refused where that has none', async () => {
    const place = await erasable((data) => makeRing(data, { file: join(newFolder(), 'kek.json') }, 1));
    const regions = await regionBeside(place.installation);
    await expect(move(regions)).rejects.toMatchObject({ code: 'SFS_KEYS_MISSING' });
    await makeRing(regions.to.data, { file: join(newFolder(), 'kek.json') }, 1);
    await move(regions);
    const heir = (await pseudonymOf(regions.to.gatewayFolder))!;
    expect((await valuesOf(regions.to, topics.clicks, heir)).length).toBeGreaterThan(0);
    expect(await readableOf(regions, place.ada)).toEqual([]);
  });
});

describe('a move that cannot be', { timeout: SLOW_MS }, () => {
  const refusal = (code: string) => expect.objectContaining({ code }) as unknown;

  it('is refused before anything is done', async () => {
    const regions = await two();
    const { from, to, homes } = regions;
    const wrong: readonly (readonly [string, Parameters<typeof move>[1]])[] = [
      ['SFS_MOVE_HOME', { identity: 'mailto:nobody@example.org' }],
      ['SFS_MOVE_HOME', { to: { ...to, region: REGION } }],
      ['SFS_REGION_MISMATCH', { to: { ...to, data: from.data } }],
      ['SFS_REGION_MISMATCH', { to: { ...to, gatewayFolder: from.gatewayFolder } }],
      ['SFS_REGION_MISMATCH', { to: { ...to, region: 'south' } }],
      ['SFS_REGION_MISMATCH', { from: { ...from, region: 'south' } }],
      ['SFS_REGION_INVALID', { to: { ...to, region: 'No Region' } }],
      ['SFS_FOLDER_MISSING', { to: { ...to, data: newFolder() } }],
      ['SFS_FOLDER_MISSING', { to: { ...to, gatewayFolder: newFolder() } }],
      ['SFS_FOLDER_MISSING', { homes: newFolder() }],
      ['SFS_FOLDER_MISSING', { from: { ...from, gatewayFolder: newFolder() } }],
      ['SFS_FILE_UNREADABLE', { from: { ...from, also: [join(from.data, 'none')] } }],
      ['SFS_MOVE_TRANSFER', { from: { ...from, region: 'eu-west' }, to: { ...to, region: 'us-east' } }],
      ['SFS_MOVE_TRANSFER', { from: { ...from, region: 'eu-west' }, to: { ...to, region: 'us-east' }, transferBasis: '' }],
    ];
    for (const [code, more] of wrong) await expect(move(regions, more)).rejects.toEqual(refusal(code));
    // With a basis it is the folders that are of other regions.
    const abroad = { from: { ...from, region: 'eu-west' }, to: { ...to, region: 'us-east' }, transferBasis: 'art. 49(1)(a), consent' };
    await expect(move(regions, abroad)).rejects.toEqual(refusal('SFS_REGION_MISMATCH'));
    expect(await pseudonymOf(to.gatewayFolder)).toBeNull();
    expect(await homeOf(homes)).toBeNull();
  });

  it('is refused of one who is at home elsewhere, and while another one is under way', async () => {
    const regions = await two();
    const { to, homes, place } = regions;
    const reached = (step: string): void => {
      if (step === 'switch') throw new Error('killed');
    };
    await expect(move(regions, { reached })).rejects.toThrow('killed');
    const south = await regionBeside(regions.from);
    const elsewhere = { ...regions, to: { ...south.to, region: 'south' } };
    await onStorage(south.to.data, (storage) => {
      storage.log.ensureTopic({ name: 'south.clicks', partitions: 12, cleanup: 'delete', retentionMs: null });
      return Promise.resolve();
    });
    await expect(move(elsewhere)).rejects.toEqual(refusal('SFS_MOVE_UNDER_WAY'));
    const register = openHomeRegister(homes);
    await register.move({ identity: ADA, learner: learnerId(place.ada) }, { from: REGION, to: 'east' });
    await register.close();
    await expect(move(regions)).rejects.toEqual(refusal('SFS_MOVE_HOME'));
    expect(await pseudonymOf(to.gatewayFolder)).not.toBeNull();
  });

  it('names a journal that it cannot read', async () => {
    const regions = await two();
    const reached = (step: string): void => {
      if (step === 'carry') throw new Error('killed');
    };
    await expect(move(regions, { reached })).rejects.toThrow('killed');
    const folder = erasuresFolder(regions.from);
    const journal = readdirSync(folder).find((name) => name.endsWith('.move.json'))!;
    writeFileSync(join(folder, journal), '{}');
    await expect(move(regions)).rejects.toEqual(refusal('SFS_MOVE_JOURNAL'));
  });

  it('waits for who has a folder', async () => {
    const regions = await two();
    await onStorage(regions.to.data, async () => {
      await expect(move(regions)).rejects.toEqual(refusal('SFS_FOLDER_LOCKED'));
    });
  });
});

describe('the command', { timeout: SLOW_MS }, () => {
  const command = (...words: readonly string[]): Promise<string> => commandOutput(['privacy', 'move', ...words]);

  it('moves, tells it as text and as JSON, and refuses servers on one side', async () => {
    const { from, to, homes } = await two();
    const places = ['--data', from.data, '--region', REGION, '--to-data', to.data, '--to-region', NORTH, '--homes', homes];
    await expect(command(ADA, ...places, '--kafka', 'localhost:1', '--redis', 'redis://localhost:1')).rejects.toEqual(
      expect.objectContaining({ code: 'SFS_MOVE_SERVERS' }),
    );
    const shared = places.map((word) => (word === homes ? 'localhost:1,localhost:2' : word));
    await expect(command(ADA, ...shared)).rejects.toEqual(expect.objectContaining({ code: 'SFS_HOMES_KEY' }));
    await expect(command(ADA, ...shared, '--homes-key', join(newFolder(), 'homes.key'))).rejects.toEqual(
      expect.objectContaining({ code: 'SFS_MOVE_SERVERS' }),
    );
    const text = await command(ADA, ...places);
    const json = await command(ADA, ...places, '--json');
    expect(JSON.parse(json)).toMatchObject({ format: 'skillforge-move/1', from: REGION, to: NORTH, carried: { profiles: 1 } });
    expect(text).toMatch(/is at home in north since .* and erased in test since[\s\S]*clicks +\d+ +0\n[\s\S]*exposures +0 +1\n/);
  });
});
