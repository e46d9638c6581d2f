/** Erases a learner step by step, and goes on where an earlier call ended. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IDENTITY_FILE } from '../../../gateway/index.js';
import { VIEW_FILE } from '../../../reader/lmdbViewStore.js';
import { SkillForgeError, errorCodeOf } from '../../../schemas/index.js';
import { holdsRing } from '../../../runtime/keys/folderRing.js';
import { writeDurably } from '../../archive/durableFile.js';
import { holdsStorage } from '../../commands/folder.js';
import { assertNotMoving, dropErasure, keepErasure } from '../move/movesInRegister.js';
import { ERASURES_FOLDER, Journal, alone, receiptFiles, receiptPath, type Did, type JournalState } from './journal.js';
import { Mention } from './mention.js';
import { assertPlaces, mainDigest, placesDigest, type Installation } from './places.js';
import { isAsSigned, type SigningKey, type Signed } from './signing.js';
import { SERVER_PLACED, SERVER_STEPS } from './serverSteps.js';
import { PLACED, STEPS, type Step } from './steps.js';
import { topicRemains, type TopicRemains } from './topicRemains.js';

/** A step as the receipt has it. */
export interface ReceivedStep {
  readonly step: string;
  readonly doneAtMs: number;
  /** More than 1 where it was cut off: its counts are then those of the last attempt. */
  readonly attempts: number;
  readonly did: Did;
}

/** Something that names the learner still, or may do so. */
export interface Remainder {
  readonly store: string;
  readonly what: string;
  readonly until: string;
}

/** What was done, for the person and for whoever has to show it. */
export interface Receipt {
  readonly format: 'skillforge-erasure/1';
  /** SHA-256 of salt, a space and the pseudonym: who knows the pseudonym can tell that it is theirs, and nobody can tell it from here. */
  readonly learner: { readonly salt: string; readonly sha256: string };
  readonly region: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly steps: readonly ReceivedStep[];
  readonly remaining: readonly Remainder[];
  /** On servers: when the broker will have removed what is left in each topic. */
  readonly topics?: readonly TopicRemains[];
}

/** What an erasure does besides that is the end of a move. */
export interface MoveErasure {
  /** On servers: brings what somebody wrote until nothing was taken under the pseudonym any more. */
  readonly rest: (() => Promise<Did>) | null;
}

/** How to erase. */
export interface ErasureOptions {
  readonly installation: Installation;
  readonly learner: string;
  readonly key: SigningKey;
  readonly clock?: () => number;
  /** It is what is left of a move. */
  readonly ofMove?: MoveErasure;
  /** Somebody asked for it over HTTP, or by an event: nobody is there to stop the gateway. */
  readonly isServed?: true;
  /** Told before and after each step; tests end the work there. */
  readonly reached?: (step: string, when: 'begun' | 'worked' | 'done') => void;
}

/** Where journals and receipts of an installation lie. */
export const erasuresFolder = ({ data }: Pick<Installation, 'data'>): string => join(data, ERASURES_FOLDER);

/**
 * Erases a learner. Nobody else may write to the folder meanwhile. Called again after it failed or was killed it does what is left.
 *
 * @returns the receipt, which lies in the folder too
 * @throws SFS_FOLDER_MISSING; SFS_FILE_UNREADABLE for a place that is not there; SFS_FOLDER_LOCKED while something writes to the folder; SFS_ERASURE_WAITS, SFS_ERASURE_STUCK for what is left to somebody
 * else; SFS_MOVE_UNDER_WAY for who is moving away: what was brought lies in another folder, and the move has an erasure of its own; SFS_MOVE_JOURNAL; and what the steps throw
 */
export async function eraseLearner(options: ErasureOptions): Promise<Signed<Receipt>> {
  const { installation, learner, key, ofMove } = options;
  if (installation.servers === undefined) assertFolder(installation);
  assertPlaces(installation);
  if (ofMove === undefined) await assertNotMoving({ folders: [erasuresFolder(installation)], homes: installation.homes }, learner);
  const digest = key.digestOf(learner);
  return alone(erasuresFolder(installation), digest, () => eraseInSteps(options, digest));
}

async function eraseInSteps(options: ErasureOptions, digest: string): Promise<Signed<Receipt>> {
  const { installation, learner, key, clock = Date.now, reached = () => undefined } = options;
  const steps = stepsOf(options);
  const folder = erasuresFolder(installation);
  const journal = Journal.open(folder, digest, {
    nowMs: clock(),
    places: placesDigest(installation),
    main: mainDigest(installation),
    placed: installation.servers === undefined ? PLACED : SERVER_PLACED,
  });
  const mention = new Mention(learner);
  const last = lastReceipt(installation, key, learner);
  // That of a move is kept as a move.
  const homes = options.ofMove === undefined ? installation.homes : undefined;
  await keepErasure(homes, learner, installation.region);
  let left: Error | null = null;
  for (const { name, work, holdsUp } of steps.filter((step) => !journal.isDone(step.name))) {
    const before = journal.state.steps[name];
    journal.begin(name);
    reached(name, 'begun');
    try {
      const ofRun = {
        installation,
        mention,
        isBesideGateway: options.ofMove !== undefined || options.isServed === true,
        doneBeforeMs: doneBeforeMs(last, installation, name),
      };
      const did = await work({ ...ofRun, nowMs: clock(), isAgain: before !== undefined });
      reached(name, 'worked');
      journal.done(name, did, clock());
    } catch (error) {
      if (holdsUp || !isLeftToOthers(error)) throw error;
      left ??= error as Error;
    }
    reached(name, 'done');
  }
  if (left !== null) throw left;
  const receipt = key.sign(await receiptOf(options, journal, clock()));
  writeDurably(receiptPath(folder, digest, receipt.startedAtMs), `${JSON.stringify(receipt, null, 2)}\n`);
  // Before the journal tells that nothing is left: whoever calls again does this, too.
  await dropErasure(homes, learner);
  journal.finish(receipt.finishedAtMs);
  return receipt;
}

/** What somebody else has to do first: the other steps need not wait for it. */
const isLeftToOthers = (error: unknown): boolean => ['SFS_ERASURE_WAITS', 'SFS_ERASURE_STUCK'].includes(errorCodeOf(error));

/** @throws SFS_FOLDER_MISSING */
export function assertFolder({ data }: Pick<Installation, 'data'>): void {
  if (!holdsStorage(data)) throw new SkillForgeError('SFS_FOLDER_MISSING', `${data} holds no storage`, { context: { folder: data } });
}

/** The last receipt of a learner; `null` where there is none, `isSigned` false where it is not as it was signed. */
export function lastReceipt(
  installation: Pick<Installation, 'data'>,
  key: SigningKey,
  learner: string,
): { readonly path: string; readonly receipt: Receipt; readonly isSigned: boolean } | null {
  const path = receiptFiles(erasuresFolder(installation), key.digestOf(learner)).at(-1);
  if (path === undefined) return null;
  const receipt = JSON.parse(readFileSync(path, 'utf8')) as Signed<Receipt>;
  return { path, receipt, isSigned: isAsSigned(receipt) };
}

/** What an earlier erasure has done need not be done again where nobody could tell that by what is there. Only a receipt that is as it was signed says so. */
function doneBeforeMs(last: ReturnType<typeof lastReceipt>, { region }: Installation, name: string): number | null {
  if (last?.isSigned !== true || last.receipt.region !== region) return null;
  return last.receipt.steps.find(({ step }) => step === name)?.doneAtMs ?? null;
}

async function receiptOf(options: ErasureOptions, { state }: Journal, nowMs: number): Promise<Receipt> {
  const { installation, learner } = options;
  const salt = randomBytes(16).toString('hex');
  return {
    format: 'skillforge-erasure/1',
    learner: { salt, sha256: learnerDigest(salt, learner) },
    region: installation.region,
    startedAtMs: state.startedAtMs,
    finishedAtMs: nowMs,
    steps: stepsOf(options).map(({ name }) => {
      const { doneAtMs, attempts, did } = state.steps[name]!;
      return { step: name, doneAtMs: doneAtMs!, attempts, did };
    }),
    remaining: remaindersOf(installation, state.steps),
    ...(await remainsInTopics(installation, nowMs)),
  };
}

/** Those of a folder, or of servers; at the end of a move what is left there is brought before it goes. */
function stepsOf({ installation: { servers }, ofMove }: ErasureOptions): readonly Step[] {
  const steps = servers === undefined ? STEPS : SERVER_STEPS;
  const { rest = null } = ofMove ?? {};
  if (rest === null) return steps;
  return steps.flatMap((step) => (step.name === 'refuse' ? [step, { name: 'rest', holdsUp: true, work: rest }] : [step]));
}

async function remainsInTopics({ servers }: Installation, nowMs: number): Promise<Pick<Receipt, 'topics'>> {
  return servers === undefined ? {} : { topics: await topicRemains(servers.admin, await servers.tools.topics(), nowMs) };
}

/** How the receipt names a learner. */
export const learnerDigest = (salt: string, learner: string): string => createHash('sha256').update(`${salt} ${learner}`).digest('hex');

/** What is not erased by these steps, and when it will be gone. */
function remaindersOf(installation: Installation, steps: JournalState['steps']): Remainder[] {
  const { data, also, servers } = installation;
  const featuresAsked = steps['feature-store']!.did['asked'] === true;
  const featureWords = 'what Redis wrote to its append-only file and snapshots before it deleted the row';
  if (servers !== undefined)
    return [
      ...inTopics(steps['data-key']!.did['hadKey'] === true),
      ...IN_REDIS,
      ...onOtherMachines(installation),
      ...(steps['identity-map']!.did['isGone'] === false ? [IN_MAP] : []),
      ...elsewhere(also, featuresAsked, featureWords),
    ];
  return [
    { store: 'deny-list', what: 'the pseudonym and a time, nothing else', until: 'it is taken off with "reader deny remove", or by a new consent' },
    ...(holdsRing(data) ? [{ store: 'data-keys', what: 'the random id of the deleted key, and a time', until: 'the folder goes' }] : []),
    { store: 'embedded-folder', what: 'a salted digest of the pseudonym, so that nothing is taken under it any more', until: 'a new consent' },
    ...elsewhere(also, featuresAsked, featureWords),
  ];
}

const UNTIL_GONE = 'the times under "topics"';

/** What brokers keep: nobody can read what was sealed, and whoever had no key had nothing sealed. */
function inTopics(hadKey: boolean): Remainder[] {
  const inClear = 'what was written in clear, before the region had keys or by a program that does not seal: "privacy erase --verify" tells';
  const sealed = 'records under the deleted key, unreadable, with the pseudonym, course and time in clear';
  const [store, until] = ['kafka-log', UNTIL_GONE];
  if (!hadKey) return [{ store, what: 'records under the pseudonym, if there are any, readable: the learner had no data key', until }];
  return [
    { store, what: sealed, until },
    { store, what: inClear, until },
  ];
}

/** What is left of it in Redis. */
const IN_REDIS: readonly Remainder[] = [
  { store: 'data-keys', what: 'the random id of the deleted key, and a time', until: 'the keys of the region go' },
  { store: 'redis-state', what: 'a salted digest of the pseudonym, so that nothing is taken under it any more', until: 'a new consent' },
  {
    store: 'redis-state',
    what: 'snapshots of Redis (RDB) of before: names of rows in clear, values under the deleted key',
    until: 'the next BGSAVE',
  },
];

/** Of a map that its gateway has open. */
const IN_MAP: Remainder = {
  store: 'identity-map',
  what: 'what LMDB has freed in the file, which its gateway has open: a keyed hash with the pseudonym',
  until: 'the gateway has used the room again',
};

/** What gateways and readers keep on their machines, where it is not here. */
function onOtherMachines({ gatewayFolder, view }: Installation): Remainder[] {
  const hasMap = existsSync(join(gatewayFolder, IDENTITY_FILE));
  const hasView = existsSync(join(view, VIEW_FILE));
  return [
    ...(hasMap
      ? []
      : [
          {
            store: 'identity-map',
            what: 'not here: maps of gateways on other machines tell whose the pseudonym is',
            until: 'this is called with --gateway-folder there, or "gateway erase"',
          },
        ]),
    ...(hasView
      ? []
      : [
          {
            store: 'reader-view',
            what: 'not here: files of readers on other machines, whose rows went with the tombstones',
            until: 'this is called with --view there',
          },
          {
            store: 'reader-outbox',
            what: 'not here: events in readers on other machines, which are left out when they are forwarded',
            until: 'this is called with --view there',
          },
        ]),
  ];
}

function elsewhere(also: readonly string[], featuresAsked: boolean, featureWords: string): Remainder[] {
  return [
    !featuresAsked
      ? { store: 'feature-store', what: 'not asked: no --feature-store was given', until: 'this is called with it' }
      : { store: 'feature-store', what: featureWords, until: 'their next rewrite (BGREWRITEAOF, BGSAVE)' },
    ...(also.length > 0 ? [] : [{ store: 'snapshots', what: 'not asked: no --also was given', until: 'this is called with the places of copies' }]),
    { store: 'backups', what: 'copies of the folder that were made before', until: 'whoever made them deletes them' },
  ];
}
