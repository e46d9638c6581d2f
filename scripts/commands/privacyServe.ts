/** `skillforge privacy serve`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { SkillForgeError } from '../../schemas/index.js';
import { localTools } from '../../runtime/localTools.js';
import { letGo, takenBy } from '../../runtime/keys/ringLock.js';
import { onDisk } from '../fileWriting.js';
import { ERASURES_FOLDER } from '../privacy/erasure/journal.js';
import { mainDigest } from '../privacy/erasure/places.js';
import { SigningKey } from '../privacy/erasure/signing.js';
import { fulfil, type Fulfilment } from '../privacy/rights/fulfilment.js';
import { serveRights, type RightsService, type ToldOutcome } from '../privacy/rights/serving.js';
import { RequestsUnderWay } from '../privacy/rights/underWay.js';
import { keyPathOf, placeCommand, serversName, withInstallation, type PlaceOptions } from './erasureOptions.js';
import { readingFolder, withFolder } from './folder.js';
import { print, printJson, printable } from './output.js';
import { say } from './privacyStatement.js';
import { untilStopped } from './stopSignals.js';
import { onServers } from './toolAccess.js';

interface ServeOptions extends PlaceOptions {
  readonly exports: string;
  readonly key?: string;
  readonly untilEnd?: true;
}

const DESCRIPTION = `Does what stands in the topic rights-requests, one request after the other, until Ctrl+C: erasures, copies, restrictions, objections and consents, as "privacy erase", "export", "restrict",
"object" and "consent" do. Requests come from gateways (POST /v1/learners/{learner}/rights), or as events from whoever may write the topic. How far each is stands in the topic rights-outcomes, by its identity: RECEIVED, DONE or
FAILED with a code. Of an erasure it names the receipt, of a copy the file in --exports, each with its SHA-256; the copy itself is in no topic.

What is to be done, and how far the topic was read, is kept in the folder "erasures" of --data: after a kill the same command goes on, an erasure in the step where it was. A request that is there twice is done once.
What waits for something else, such as a folder that "run" or a gateway has open, is tried again every two seconds; other learners go on. Run one for each region. With --kafka and --redis it works beside workers and gateways.`;

/** Serves what learners ask for. */
export function privacyServeCommand(): Command {
  return placeCommand('serve', 'do what learners ask for over HTTP or as events', DESCRIPTION, [
    'skillforge privacy serve --exports ./copies --until-end',
    'skillforge privacy serve --exports ./copies --also ./training',
    'skillforge privacy serve --exports ./copies --kafka localhost:9092 --redis redis://localhost:6379 --gateway-folder ./gateway-1',
  ])
    .requiredOption('--exports <dir>', 'folder of the copies that learners ask for; an erasure deletes those of its learner')
    .option('--key <file>', 'private key (Ed25519, PEM) that signs receipts; by default "erasures/receipts.key" in --data, made at first use')
    .option('--until-end', 'end when all that has come is done')
    .action(serve);
}

type LogAccess = Pick<RightsService, 'reading' | 'writing'>;

async function serve(options: ServeOptions): Promise<void> {
  await untilStopped((stopped) =>
    alone(join(options.data, ERASURES_FOLDER), () => {
      const { region, kafka } = options;
      if (kafka === undefined) return serveOn(options, folderAccess(options.data), mainDigest({ region }), stopped);
      // Positions in the topics of other servers are others.
      const main = mainDigest({ region, servers: { name: serversName(options) } });
      return onServers(options, ({ cluster }) => {
        const access: LogAccess = { reading: (work) => work(cluster.tools()), writing: (work) => work(cluster.tools()) };
        return serveOn(options, access, main, stopped);
      });
    }),
  );
}

/** A folder is this process's own only while something is done in it. */
const folderAccess = (data: string): LogAccess => ({
  reading: (work) => readingFolder(data, (storage) => work(localTools(storage))),
  writing: (work) => withFolder(data, (storage) => work(localTools(storage))),
});

function serveOn(options: ServeOptions, access: LogAccess, main: string, stopped: AbortSignal): Promise<void> {
  const { data, region, exports } = options;
  const by: Fulfilment = {
    region,
    exports,
    key: SigningKey.at(keyPathOf(options, ERASURES_FOLDER)),
    onInstallation: (work) => withInstallation(options, work),
    say: (place, said) => say(options, place, said),
  };
  const service: RightsService = {
    ...access,
    region,
    underWay: RequestsUnderWay.open(join(data, ERASURES_FOLDER), main),
    fulfil: (request) => fulfil(by, request),
    told: (outcome) => (options.json ? printJson(outcome) : print(outcomeText(outcome))),
    onUnusable: (place, code) => process.stderr.write(`${place} is no request of this region, and is passed over: ${code}\n`),
  };
  return serveRights(service, { untilEnd: options.untilEnd === true, stopped });
}

function outcomeText({ request, kind, became, code, file }: ToldOutcome): string {
  return [printable(request), kind ?? '', became, code ?? '', file ?? ''].filter((word) => word !== '').join(' ');
}

/** Two would do the same requests. @throws SFS_FOLDER_LOCKED */
async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const path = join(folder, 'requests.lock');
  onDisk(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  const pid = takenBy(path);
  if (pid !== null) {
    throw new SkillForgeError('SFS_FOLDER_LOCKED', `process ${pid} serves requests from ${folder}`, { retriable: true, context: { path, pid } });
  }
  try {
    return await work();
  } finally {
    letGo(path);
  }
}
