/** `skillforge privacy erase`. */
import { existsSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { learnerId } from '../../schemas/index.js';
import { ERASURES_FOLDER } from '../privacy/erasure/journal.js';
import { assertFolder, eraseLearner, lastReceipt } from '../privacy/erasure/saga.js';
import { SigningKey } from '../privacy/erasure/signing.js';
import { MAY_BE_UNSEEN, unseenIn, verifyErased } from '../privacy/erasure/verification.js';
import { receiptText, verifiedText } from './erasureText.js';
import { keyPathOf, placeCommand, withInstallation, type PlaceOptions } from './erasureOptions.js';
import { EXIT } from './exitCodes.js';
import { print, printJson } from './output.js';

interface EraseOptions extends PlaceOptions {
  readonly key?: string;
  readonly verify?: true;
  readonly acceptUnseen?: readonly string[];
}

const DESCRIPTION = `Erases what an installation holds of a learner (GDPR article 17). LEARNER is a pseudonym. Step by step: the reader serves them as
an unknown one, nothing is taken under the pseudonym any more, the mapping to the identity goes, then decisions (the chain of "decisions seal" notes which, and stays whole), records
of all topics, state of all topologies, the data key of the learner where there are keys, the data file is written anew, Feast's online store, the view, archives, features, exports, training sets.

How far it has come stands in a journal: after a failure, or a kill, the same command does what is left. It ends with a receipt that is signed (Ed25519) and kept in the folder
"erasures". A reader may run meanwhile until the last steps ask to stop it; "run", "start" and a gateway may not.

--verify erases nothing: it looks for the pseudonym in every store of the inventory and in the bytes of every file of the folder. Exit code 1 where anything is found but the name alone,
and where a store was not looked into, because no option says where it is, or because the pseudonym is no random one and cannot be told in bytes: a last line names them. --accept-unseen names those that may stay so.
With --kafka and --redis it works on the region of these servers, while workers run; the region needs data keys (SFS_ERASURE_SERVERS). Whoever writes leaves the learner out from then on, the key is deleted,
rows and timers go, compacted topics get tombstones, Redis writes its append-only file anew. The receipt tells when the broker will have removed what lies in each topic, unreadable. See docs/how-to/erase-a-learner.md.`;

/** Erases a learner. */
export function privacyEraseCommand(): Command {
  return placeCommand('erase <learner>', 'erase what is held of a learner, and show it', DESCRIPTION, [
    'skillforge privacy erase learner-7',
    'skillforge privacy erase learner-7 --also ./training --feature-store redis://localhost:6379',
    'skillforge privacy erase learner-7 --verify --also ./training --feature-store redis://localhost:6379 --accept-unseen home-register snapshots raw-files',
    'skillforge privacy erase learner-7 --kafka localhost:9092 --redis redis://localhost:6379',
  ])
    .option('--log-dir <dir...>', 'with --verify on servers: folders of the topics of brokers ("log.dirs"), to look into their segment files')
    .option('--redis-dir <dir...>', 'with --verify on servers: folders of the files of Redis, each server of a cluster has its own')
    .option('--key <file>', 'private key (Ed25519, PEM) that signs the receipt; by default "erasures/receipts.key" in --data, made at first use')
    .option('--verify', 'look whether anything is left')
    .addOption(
      new Option('--accept-unseen <store...>', 'with --verify: stores that need not be looked into; may be given more than once').choices(
        MAY_BE_UNSEEN,
      ),
    )
    .action((learner: string, options: EraseOptions) => (options.verify ? verify(learnerId(learner), options) : erase(learnerId(learner), options)));
}

async function erase(learner: string, options: EraseOptions): Promise<void> {
  await withInstallation(options, async (installation) => {
    if (installation.servers === undefined) assertFolder(installation);
    const key = SigningKey.at(keyPathOf(options, ERASURES_FOLDER));
    const before = lastReceipt(installation, key, learner)?.receipt ?? null;
    const receipt = await eraseLearner({ installation, learner, key });
    if (options.json) printJson(receipt);
    else print(receiptText(learner, receipt, before));
  });
}

async function verify(learner: string, options: EraseOptions): Promise<void> {
  await withInstallation(options, async (installation) => {
    if (installation.servers === undefined) assertFolder(installation);
    const keyPath = keyPathOf(options, ERASURES_FOLDER);
    const last = existsSync(keyPath) ? lastReceipt(installation, SigningKey.at(keyPath), learner) : null;
    const verified = await verifyErased(installation, learner);
    const unseen = unseenIn(verified, options.acceptUnseen ?? []);
    const isClean = verified.every(({ readable }) => readable === 0) && last?.isSigned !== false && unseen.length === 0;
    const receipt = last === null ? null : { path: last.path, isSigned: last.isSigned };
    if (options.json) printJson({ clean: isClean, unseen, receipt, stores: verified });
    else print(verifiedText(verified, last, unseen));
    if (!isClean) process.exitCode = EXIT.failed;
  });
}
