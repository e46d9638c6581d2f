/** The steps of an erasure. Each may be called again after it was cut off, and then finds less to do. */
import { countText } from '../../commands/output.js';
import { quietFolder, withFolder } from '../../commands/folder.js';
import { noteErased } from '../../decisions/erasedDecisions.js';
import { FolderRing, holdsRing } from '../../../runtime/keys/folderRing.js';
import { localTools } from '../../../runtime/localTools.js';
import { SkillForgeError, errorCodeOf } from '../../../schemas/index.js';
import { eraseInFiles, type FileCounts } from './files.js';
import { FolderContents } from './folderContents.js';
import type { Did } from './journal.js';
import { deny, eraseHomes, eraseIdentity, eraseInView, removeIdentity } from './lmdbFiles.js';
import type { Mention } from './mention.js';
import { eraseInOutbox } from './outboxFile.js';
import { filePlaces, type Installation } from './places.js';

/** What a step works with. */
export interface StepRoom {
  readonly installation: Installation;
  readonly mention: Mention;
  readonly nowMs: number;
  /** Whether an earlier call was cut off in this step. */
  readonly isAgain: boolean;
  /** Whether a gateway on servers goes on meanwhile: where it ends a move, or serves what somebody asked that gateway for. */
  readonly isBesideGateway: boolean;
  /** When this step was done in the last erasure of the learner in this region, ms since epoch; `null` where there was none. */
  readonly doneBeforeMs: number | null;
}

/** A step with its name. */
export interface Step {
  readonly name: string;
  /** What comes after it has to wait where it waits for somebody else. */
  readonly holdsUp?: true;
  readonly work: (room: StepRoom) => Promise<Did>;
}

/**
 * In their order: first nothing is served and nothing is taken any more, then who it was is forgotten, then everything goes from the log outwards. What is
 * made of the log goes after it, so that nobody makes it again meanwhile; the key goes when nothing more is looked for with it, and the data file is written anew when all is out of it.
 */
export const STEPS: readonly Step[] = [
  { name: 'deny-list', work: denyStep },
  { name: 'refuse', work: refuseStep },
  { name: 'identity-map', work: identityStep },
  { name: 'decision-seals', work: sealsStep },
  { name: 'log-and-state', work: contentsStep },
  { name: 'data-key', work: keyStep },
  { name: 'data-file', work: fileStep },
  { name: 'files', work: filesStep },
  { name: 'feature-store', work: featureStep },
  { name: 'reader-outbox', work: outboxStep },
  { name: 'reader-view', work: viewStep },
];

/** Those that work on what options name: with other options there is more to do. */
export const PLACED: readonly string[] = ['deny-list', 'identity-map', 'decision-seals', 'files', 'feature-store', 'reader-outbox', 'reader-view'];

/** The reader serves the learner as an unknown one from the next request on. */
async function denyStep({ installation, mention }: StepRoom): Promise<Did> {
  await deny(installation.view, mention.learner);
  return { denied: true };
}

/** The folder takes nothing under the pseudonym any more. Orders wait for it: one about the learner is refused by the next step, not taken and then erased. */
async function refuseStep({ installation, mention, nowMs }: StepRoom): Promise<Did> {
  await quietFolder(installation.data, (storage) => storage.eraseKey(mention.learner, nowMs));
  return { refusedFromMs: nowMs };
}

/** Takes the learner out of the map of a gateway, and out of the register of homes where one is named. */
export async function identityStep({ installation: { gatewayFolder, homes, servers }, mention, isBesideGateway }: StepRoom): Promise<Did> {
  const mappings = await (isBesideGateway && servers !== undefined ? mappingBeside(gatewayFolder, mention) : mappingsAlone(gatewayFolder, mention));
  return { ...mappings, ...(homes === undefined ? {} : { homes: await eraseHomes(homes, mention) }) };
}

const mappingsAlone = async (folder: string, mention: Mention): Promise<Did> => ({ mappings: await eraseIdentity(folder, mention) });

/** The gateway goes on for all others: the file stays where it is while that has it open. */
async function mappingBeside(folder: string, mention: Mention): Promise<Did> {
  try {
    return await mappingsAlone(folder, mention);
  } catch (error) {
    if (errorCodeOf(error) !== 'SFS_ERASURE_WAITS') throw error;
    return { ...(await removeIdentity(folder, mention)) };
  }
}

async function sealsStep({ installation: { data, chain }, mention, nowMs }: StepRoom): Promise<Did> {
  return { sealedDecisions: await withFolder(data, (storage) => noteErased(localTools(storage), chain, mention.learner, nowMs)) };
}

async function contentsStep({ installation, mention }: StepRoom): Promise<Did> {
  return withFolder(installation.data, async (storage) => ({ ...(await storage.sweep(new FolderContents(storage, mention).sweep())) }));
}

/** What no sweep has reached, such as backups, nobody can read any more. Not before the sweep: it finds by what it reads. */
async function keyStep({ installation: { data }, mention }: StepRoom): Promise<Did> {
  if (!holdsRing(data)) return { sealed: false };
  const ring = await FolderRing.open(data);
  try {
    return { sealed: true, deleted: ring.delete(mention.learner) };
  } finally {
    ring.close();
  }
}

async function fileStep({ installation }: StepRoom): Promise<Did> {
  await withFolder(installation.data, (storage) => storage.renew());
  return { rewritten: true };
}

/** Takes the learner out of files of the data folder, and of those that `also` names. @throws SFS_ERASURE_STUCK */
export async function filesStep({ installation, mention, isAgain }: StepRoom): Promise<Did> {
  const counts: FileCounts = { rows: 0, rewritten: 0, deleted: 0, stuck: [] };
  for (const place of filePlaces(installation)) await eraseInFiles(place, mention, counts, isAgain);
  const { stuck, ...did } = counts;
  if (stuck.length === 0) return did;
  const message = `${countText(stuck.length)} files hold the learner in a form that is not known: ${stuck.join(', ')}; delete them, or what is in them, and call this again`;
  throw new SkillForgeError('SFS_ERASURE_STUCK', message, { context: { paths: stuck } });
}

/** Purges Feast's rows. */
export async function featureStep({ installation: { featureStore }, mention }: StepRoom): Promise<Did> {
  return featureStore === null ? { asked: false } : { asked: true, purged: await featureStore.purge({ learner: mention.learner }) };
}

/** Takes the learner out of what a reader of this machine has yet to write. @throws SFS_ERASURE_WAITS */
export async function outboxStep({ installation, mention }: StepRoom): Promise<Did> {
  return { events: await eraseInOutbox(installation.view, installation.region, mention) };
}

/** Takes the learner out of the view of a reader of this machine. @throws SFS_ERASURE_WAITS */
export async function viewStep({ installation, mention, doneBeforeMs }: StepRoom): Promise<Did> {
  return { rows: await eraseInView(installation.view, mention, doneBeforeMs) };
}
