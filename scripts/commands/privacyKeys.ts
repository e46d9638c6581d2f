/** `skillforge privacy keys init`, `rotate`, `status` and `delete`. */
import { Option, type Command } from 'commander';
import { learnerId } from '../../schemas/index.js';
import { folderKeys, redisKeys, type KeysPlace, type KeysStatus } from '../privacy/keysPlace.js';
import { placeOfService, serviceOf } from '../../runtime/keys/services.js';
import { folderCommand, groupCommand, type FolderOptions } from './options.js';
import { countText, print, printJson, printable, timeText } from './output.js';
import { redisFileOption, redisOptionsOf } from './serverOptions.js';

interface KeysOptions extends FolderOptions {
  readonly redis?: string;
  readonly redisOptions?: string;
}

interface InitOptions extends KeysOptions {
  readonly kek: string;
  readonly tokenFile?: string;
}

const INIT = `From now on everything that writes to the folder, or to the region on servers, seals what is personal under a key of its learner (AES-256-GCM): inputs, features,
recommendations, dead letters, state. What is in a folder already is sealed too, and its file is written anew, as "privacy erase" does: nothing else may write to it meanwhile, and it
needs twice its room. With --redis it is the region on Kafka and Redis that gets keys: what is there already stays in clear, and workers, gateways and readers have to be started anew.

--kek names the key-encryption key, which opens all others: a file of this machine, made where there is none, which only its owner may read; or a key of a transit engine (Vault,
OpenBao), whose token is in SKILLFORGE_KEYS_TOKEN or in --token-file. Keep it away from the folder and its backups: who has both can read everything; who has lost it, nothing.`;

const ROTATE = `Makes a new version of the key-encryption key and a new key between it and the data keys, and wraps all data keys anew. Runs beside everything that works with them; nothing
that is sealed is touched. Cut off anywhere, the same command goes on. In a folder, keys of days that are over for 32 days are deleted: the dead letters under them are gone by then.`;

const DELETE = `Deletes the data key of a learner, for good: what it sealed, wherever it lies, in topics, state, copies and backups, can be read by nobody any more. Processes that hold the
key use it for a minute at most. "privacy erase" does this and everything else, and refuses what comes later.`;

/** Keys of learners. */
export function privacyKeysCommand(): Command {
  return groupCommand('keys', 'encrypt personal values under keys of learners', [initCommand(), rotateCommand(), statusCommand(), deleteCommand()]);
}

function keysCommand(signature: string, summary: string, description: string, shown: readonly string[]): Command {
  return folderCommand(signature, summary, description, shown)
    .option('--redis <addresses>', 'work on the keys of a region on servers: redis://host:6379, or host:port,host:port of a Redis Cluster')
    .addOption(redisFileOption());
}

function initCommand(): Command {
  return keysCommand('init', 'give a folder, or a region, keys', INIT, [
    'skillforge privacy keys init --kek ~/keys/skillforge.json',
    'skillforge privacy keys init --kek https://vault:8200/v1/transit/keys/skillforge --token-file /run/secrets/vault-token',
    'skillforge privacy keys init --redis redis://localhost:6379 --region eu-west --kek ~/keys/skillforge.json',
  ])
    .addOption(new Option('--kek <place>', 'file, or URL, of the key-encryption key').env('SKILLFORGE_KEK').makeOptionMandatory())
    .option('--token-file <file>', 'file with the token of the key service; by default SKILLFORGE_KEYS_TOKEN has it')
    .action(({ kek, tokenFile, ...options }: InitOptions) =>
      onKeys(options, async (place) => {
        const service = placeOfService(kek, tokenFile);
        const sealed = await place.make(service, Date.now());
        if (options.json) printJson({ service, sealed });
        else print(`${place.name} has keys now; ${countText(sealed.records)} records and ${countText(sealed.rows)} rows that were there are sealed`);
      }),
    );
}

function rotateCommand(): Command {
  return keysCommand('rotate', 'wrap the keys anew, while others work with them', ROTATE, [
    'skillforge privacy keys rotate',
    'skillforge privacy keys rotate --redis redis://localhost:6379 --region eu-west --json',
  ]).action((options: KeysOptions) =>
    onKeys(options, async (place) => {
      const { branch, rewrapped, dropped, dailyKeysDeleted = 0 } = await place.rotate();
      if (options.json) return printJson({ branch, rewrapped, dropped, dailyKeysDeleted });
      const days = dailyKeysDeleted === 0 ? '' : `; ${countText(dailyKeysDeleted)} keys of days are deleted`;
      print(`${countText(rewrapped)} data keys are under branch key ${branch}${dropped.length > 0 ? `; ${dropped.join(', ')} went` : ''}${days}`);
    }),
  );
}

function statusCommand(): Command {
  return keysCommand(
    'status',
    'how many keys there are, and what wraps them',
    'Counts data keys, deleted ones too, and tells which versions wrap them.',
    ['skillforge privacy keys status', 'skillforge privacy keys status --json'],
  ).action((options: KeysOptions) =>
    onKeys(options, async (place) => {
      const status = await place.status();
      if (options.json) printJson(jsonOfStatus(status));
      else print(textOfStatus(status));
    }),
  );
}

function deleteCommand(): Command {
  return keysCommand('delete <learner>', 'delete the key of a learner: what it sealed is erased', DELETE, [
    'skillforge privacy keys delete learner-7 --redis redis://localhost:6379 --region eu-west',
  ]).action((learner: string, options: KeysOptions) =>
    onKeys(options, async (place) => {
      const isDeleted = await place.delete(learnerId(learner));
      if (options.json) printJson({ deleted: isDeleted });
      else print(isDeleted ? `the key of ${printable(learner)} is deleted` : `${printable(learner)} has no key: is it the right pseudonym?`);
    }),
  );
}

async function onKeys(options: KeysOptions, work: (place: KeysPlace) => Promise<void>): Promise<void> {
  const { redis } = options;
  const place = redis === undefined ? folderKeys(options.data) : await redisKeys(redisOptionsOf({ ...options, redis }));
  try {
    await work(place);
  } finally {
    await place.close();
  }
}

function jsonOfStatus({ ring, keys, deleted, byBranch }: KeysStatus): object {
  const branches = ring.branches.map(({ version, madeAtMs }) => ({ version, madeAtMs, keys: byBranch.get(version) ?? 0 }));
  return { ring: ring.id, service: ring.service, keys, deleted, current: ring.current, branches, rotating: branches.length > 1 };
}

function textOfStatus({ ring, keys, deleted, byBranch }: KeysStatus): string {
  const branches = ring.branches.map(({ version, madeAtMs }) => {
    const current = version === ring.current ? ', the current one' : '';
    return `branch key ${version}${current}: made ${timeText(madeAtMs)}, wraps ${countText(byBranch.get(version) ?? 0)} data keys`;
  });
  return [
    `${countText(keys)} data keys, ${countText(deleted)} deleted; key-encryption key: ${serviceOf(ring.service).name}`,
    ...branches,
    ...(branches.length > 1 ? ['a rotation was cut off: "skillforge privacy keys rotate" goes on'] : []),
  ].join('\n');
}
