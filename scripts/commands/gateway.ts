/** `skillforge gateway`. */
import { once } from 'node:events';
import { InvalidArgumentError, type Command } from 'commander';
import {
  DEFAULT_GATEWAY_PORT,
  ReceivedEvents,
  createGateway,
  openIdentityMap,
  type AccessOptions,
  type Gateway,
  type HomeRegister,
} from '../../gateway/index.js';
import { isLoopback } from '../../http/access/loopback.js';
import { readKeys } from '../../http/access/keyFile.js';
import { SkillForgeError } from '../../schemas/index.js';
import { folderLog, kafkaLog, type KafkaLogOptions, type OpenedLog } from '../gateway/eventLogs.js';
import { gatewayEraseCommand, gatewayRenewCommand, gatewayShowCommand } from './gatewayIdentity.js';
import { gatewayFolderOf, gatewayFolderOption } from './gatewayFolder.js';
import { assertLetIn, onHomes } from '../gateway/homesPlace.js';
import { homesOf, withHomesOptions, type HomesOptions } from './homesOption.js';
import { issuerOf, withIssuerOptions, type IssuerFlags } from './issuerOptions.js';
import { folderCommand, groupCommand, nameList, wholeNumber, type FolderOptions } from './options.js';
import { print, printJson } from './output.js';
import { redisFileOption, redisOption, withWritingOptions } from './serverOptions.js';
import { StopSignals } from './stopSignals.js';
import { tlsOf, withTlsOptions, type TlsOptions } from './tlsOptions.js';

interface ServeOptions extends FolderOptions, KafkaLogOptions, IssuerFlags, HomesOptions, TlsOptions {
  readonly gatewayFolder?: string;
  readonly host: string;
  readonly port: number;
  readonly origin?: readonly string[];
  readonly elsewhere?: ReadonlyMap<string, string>;
  readonly drop?: readonly string[];
  readonly activityBase?: string;
  readonly keys?: string;
  readonly rateLimit?: number;
  readonly log?: true;
}

const DESCRIPTION = `Takes events over HTTP until Ctrl+C: plain JSON at /v1/events, xAPI statements at /xapi/statements; described by /openapi.json. What learners ask for by right is taken at
/v1/learners/{learner}/rights, from who shows a key or a token with the scope rights:write; "privacy serve" does it. An answer of
success says that the events are in the log, and what is sent again is not written again. Learners get random pseudonyms; what is not on the
allow-list is refused.

With --kafka it writes the topics there, each batch in a transaction, and needs no Redis but in a region that has data keys. A folder has one writer at a time: there it is for
trying out, and "run" waits until it is stopped.

The identity map and the identities of events lie in a folder of the gateway's own, by default "gateway" in the data folder: keep it, and give
each gateway its own. --homes names a register that the gateways of all regions share, a folder of one machine or a Redis: it says in which region each learner is at home, by where their first event
was taken, until "privacy move" moves them. It is asked for each batch: while a Redis does not answer, the gateway answers 503.

Nobody is asked who they are, unless --keys names a file of API keys, or --issuer an issuer of tokens; so it listens on this machine only unless --host
says otherwise.`;

/** The gateway, and the commands about its identity map. */
export function gatewayCommand(): Command {
  const members = [gatewayShowCommand(), gatewayEraseCommand(), gatewayRenewCommand()];
  return groupCommand('gateway', 'take events over HTTP', members).addCommand(serveCommand(), { isDefault: true });
}

function serveCommand(): Command {
  const command = folderCommand('serve', 'take events over HTTP; "skillforge gateway" alone does it, too', DESCRIPTION, [
    'skillforge gateway',
    'skillforge gateway --kafka localhost:9092 --gateway-folder ./gateway-1 --replication 3',
    'skillforge gateway serve --origin https://lms.example --activity-base https://lms.example/activities/',
    'skillforge gateway --elsewhere https://lms.us.example/=us-east --drop result.response,attachments',
    'skillforge gateway --data ./eu-north --region eu-north --homes ./homes',
    'skillforge gateway --kafka localhost:9092 --redis redis://localhost:6379 --homes redis://homes.example:6379 --homes-key ./homes.key',
    'skillforge gateway --issuer https://login.example.org --audience gateway --rate-limit 6000',
  ]);
  const served = withIssuerOptions(
    withWritingOptions(command),
    'gateway',
    'claim of a token that names a single learner: such a token may send nothing',
  )
    .addOption(redisOption('where the data keys of the region are, with --kafka; without it events are written in clear'))
    .addOption(redisFileOption())
    .addOption(gatewayFolderOption());
  return withTlsOptions(withHomesOptions(served, 'it goes before what events, and --elsewhere, say of regions'))
    .option('--host <address>', 'address of this machine to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 takes any that is free', wholeNumber(0), DEFAULT_GATEWAY_PORT)
    .option('--origin <urls>', 'origins of pages that may send events, with commas between', nameList)
    .option('--elsewhere <pairs>', 'beginnings of identities that belong to another region, such as https://lms.us.example/=us-east', pairs)
    .option('--drop <properties>', 'properties of statements that are left aside instead of refused, with commas between', nameList)
    .option('--activity-base <iri>', 'what ids of xAPI activities begin with, and ids of courses and items do not')
    .option(
      '--keys <file>',
      'take events from who shows an API key of this file with the scope events:write, and requests with rights:write; "reader keys" writes it',
    )
    .option('--rate-limit <n>', 'requests with events a minute of each key, token or address', wholeNumber(1))
    .option('--log', 'write a line of JSON per request to standard error; none holds an identity')
    .action(serve);
}

/** Of texts such as `beginning=region`; the beginning may hold `=`. */
function pairs(text: string): ReadonlyMap<string, string> {
  return new Map(
    nameList(text).map((pair) => {
      const at = pair.lastIndexOf('=');
      if (at < 1 || at === pair.length - 1) throw new InvalidArgumentError('Give pairs such as https://lms.us.example/=us-east.');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

async function serve(options: ServeOptions): Promise<void> {
  const tls = tlsOf(options);
  const folder = gatewayFolderOf(options);
  const identities = openIdentityMap(folder);
  try {
    const received = await ReceivedEvents.open(folder);
    try {
      const opened =
        options.kafka === undefined ? await folderLog(options.data, options.region, received.id) : await kafkaLog(options, folder, received.id);
      try {
        await withHomes(options, received.id, (homes) => serveOn(opened, { identities, received, ...homes, ...tls }, options));
      } finally {
        await opened.close();
      }
    } finally {
      await received.close();
    }
  } finally {
    await identities.close();
  }
}

type Given = Pick<Parameters<typeof createGateway>[0], 'identities' | 'received' | 'homes' | 'tls'>;

function withHomes(options: HomesOptions, gateway: string, work: (homes: Pick<Given, 'homes'>) => Promise<void>): Promise<void> {
  const place = homesOf(options);
  if (place === undefined) return work({});
  const letIn = async (homes: HomeRegister): Promise<void> => {
    await assertLetIn(homes);
    await work({ homes });
  };
  return onHomes(place, letIn, gateway);
}

async function serveOn({ log, outcomes, schemas }: OpenedLog, given: Given, options: ServeOptions): Promise<void> {
  const end = new AbortController();
  const { region, origin, elsewhere, drop, activityBase } = options;
  const gateway = await createGateway({
    ...given,
    region,
    log,
    outcomes,
    ...(schemas && { schemas }),
    ...(origin && { origins: origin }),
    ...(elsewhere && { elsewhere }),
    ...(drop && { dropped: drop }),
    ...(activityBase === undefined ? {} : { activityBase }),
    ...accessOf(options),
    ...(options.rateLimit === undefined ? {} : { perMinute: options.rateLimit }),
    ...(options.log ? { logStream: process.stderr } : {}),
    onLost: (error) => end.abort(error),
  });
  const signals = new StopSignals(() => end.abort());
  try {
    await announce(gateway, options);
    await untilAborted(end.signal);
  } finally {
    await gateway.close();
    signals.release();
  }
}

function accessOf({ keys, ...issuer }: ServeOptions): { readonly access?: AccessOptions } {
  const access: AccessOptions = { ...(keys === undefined ? {} : { keyFile: keys }), ...issuerOf(issuer) };
  if (keys !== undefined && readKeys(keys).length === 0) process.stderr.write(`WARNING: ${keys} holds no keys: it lets nobody in\n`);
  return Object.keys(access).length > 0 ? { access } : {};
}

/** @throws what took this gateway's place */
async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
  if (signal.reason instanceof SkillForgeError) throw signal.reason;
}

/** Whoever can reach the address can write events of every learner: that is said aloud. */
function warnOfOpenDoor({ host, keys, issuer }: ServeOptions): void {
  if (isLoopback(host) || keys !== undefined || issuer !== undefined) return;
  process.stderr.write(
    `WARNING: whoever reaches ${host} can write events of every learner. Give --keys or --issuer, or put a proxy before it that asks.\n`,
  );
}

async function announce(gateway: Gateway, options: ServeOptions): Promise<void> {
  warnOfOpenDoor(options);
  const url = await gateway.listen(options);
  if (options.json) printJson({ url, folder: gatewayFolderOf(options) });
  else print(`taking events at ${url}; described by ${url}/openapi.json`);
}
