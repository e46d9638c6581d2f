/** `skillforge gateway show`, `erase` and `renew`: the identity map, beside a gateway that runs. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { IDENTITY_FILE, openIdentityMap, type HomeRegister, type IdentityMap } from '../../gateway/index.js';
import { SkillForgeError } from '../../schemas/index.js';
import { EXIT } from './exitCodes.js';
import { gatewayFolderOf, gatewayFolderOption } from './gatewayFolder.js';
import { holdsHomes, homesName, onHomes } from '../gateway/homesPlace.js';
import { ERASURES_FOLDER } from '../privacy/erasure/journal.js';
import { assertNotMoving } from '../privacy/move/movesInRegister.js';
import { homesOf, withHomesOptions, type HomesOptions } from './homesOption.js';
import { folderOption, plainCommand, regionOption, type PlainOptions } from './options.js';
import { print, printJson } from './output.js';

interface IdentityOptions extends PlainOptions, HomesOptions {
  readonly data: string;
  readonly gatewayFolder?: string;
  readonly region: string;
}

const FORMS = `An identity is mailto: and the address in lower case, sha1: and the sum of it, an OpenID, or home page and name of an account with a space between.`;

const SHOW = `Tells the pseudonym of an identity: under it a learner's records and recommendations are found. With --homes it tells that of a learner who is at home in --region, and of nobody else:
one region alone knows a learner, while they are moved, too.

${FORMS}`;

const ERASE = `Deletes the mapping of an identity and tells the pseudonym that it was: what lies under it belongs to nobody from then on. Delete what lies there by
the pseudonym. An event that comes later gets a new one. A gateway that runs takes it in with its next batch. Refused while a "privacy move" from --data has not ended, or one that a register in Redis (--homes) knows of.

${FORMS}`;

const RENEW = `Gives an identity a new pseudonym after a new consent; nothing links it to the old one. Refused while a "privacy move" from --data has not ended, or one that a register in Redis (--homes) knows of.

${FORMS}`;

/** Tells a pseudonym. */
export const gatewayShowCommand = (): Command =>
  identityCommand('show', 'tell the pseudonym of an identity', SHOW, async (identities, identity, homes, { region }) => {
    const home = (await homes?.find(identity)) ?? region;
    return home === region ? identities.find(identity) : null;
  });

/** Deletes a mapping. */
export const gatewayEraseCommand = (): Command =>
  identityCommand('erase', 'delete the mapping of an identity', ERASE, async (identities, identity, homes, options) => {
    await assertStaying(identities, identity, options);
    // The register first: where that cannot be asked the mapping still tells the pseudonym to who calls again.
    const pseudonym = identities.find(identity);
    if (pseudonym !== null) await homes?.forget(pseudonym);
    return identities.erase(identity);
  });

/** Makes a new mapping. */
export const gatewayRenewCommand = (): Command =>
  identityCommand('renew', 'give an identity a new pseudonym', RENEW, async (identities, identity, _, options) => {
    await assertStaying(identities, identity, options);
    return identities.renew(identity);
  });

/**
 * Without the mapping a move that has begun could be finished no more. Its journal lies in the data folder, beside which the gateway's is by default; a register on a server knows of it, too, whatever folder that is.
 * @throws SFS_MOVE_UNDER_WAY, SFS_MOVE_JOURNAL, SFS_HOMES_UNAVAILABLE
 */
async function assertStaying(identities: IdentityMap, identity: string, options: IdentityOptions): Promise<void> {
  const learner = identities.find(identity);
  if (learner === null) return;
  const folders = new Set([resolve(options.data), dirname(resolve(gatewayFolderOf(options)))]);
  await assertNotMoving({ folders: [...folders].map((data) => join(data, ERASURES_FOLDER)), homes: homesOf(options) }, learner);
}

type Work = (identities: IdentityMap, identity: string, homes: HomeRegister | null, options: IdentityOptions) => Promise<string | null>;

function identityCommand(name: string, summary: string, description: string, work: Work): Command {
  const command = plainCommand(`${name} <identity>`, summary, description, [
    `skillforge gateway ${name} mailto:ada@example.org`,
    `skillforge gateway ${name} mailto:ada@example.org --gateway-folder ./gateway-1`,
  ])
    .addOption(folderOption())
    .addOption(gatewayFolderOption())
    .addOption(regionOption());
  return withHomesOptions(command, 'it says where the learner is at home').action((identity: string, options: IdentityOptions) =>
    tell(identity, options, work),
  );
}

async function tell(identity: string, options: IdentityOptions, work: Work): Promise<void> {
  const folder = gatewayFolderOf(options);
  if (!existsSync(join(folder, IDENTITY_FILE))) {
    throw new SkillForgeError('SFS_FOLDER_MISSING', `${folder} holds no identity map`, { context: { folder } });
  }
  const identities = openIdentityMap(folder);
  try {
    const pseudonym = await besideHomes(options, (homes) => work(identities, identity, homes, options));
    if (options.json) printJson({ pseudonym });
    else print(pseudonym ?? 'nobody is known by this identity');
    if (pseudonym === null) process.exitCode = EXIT.failed;
  } finally {
    await identities.close();
  }
}

async function besideHomes<T>(options: IdentityOptions, work: (homes: HomeRegister | null) => Promise<T>): Promise<T> {
  const place = homesOf(options);
  if (place === undefined) return work(null);
  if (!holdsHomes(place))
    throw new SkillForgeError('SFS_FOLDER_MISSING', `${homesName(place)} holds no register of homes, or has no key here`, {
      context: { folder: homesName(place) },
    });
  return onHomes(place, work);
}
