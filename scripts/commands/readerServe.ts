/** `skillforge reader`. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  DEFAULT_PORT,
  OUTBOX_BYTES,
  assertShard,
  createReader,
  type ClientNotice,
  type OutboxStatus,
  type Reader,
  type Shard,
} from '../../reader/index.js';
import { errorCodeOf, errorMessageOf, type Traces } from '../../schemas/index.js';
import { folderSource, kafkaSource, type ReaderSource } from '../serving/readerSource.js';
import { usageError } from './failures.js';
import { modelRegistryOption, openedRegistry } from './modelRegistryOptions.js';
import { folderCommand, groupCommand, wholeNumber, type FolderOptions } from './options.js';
import { print, printJson } from './output.js';
import { readerDenyCommand } from './readerDeny.js';
import { readerKeysCommand } from './readerKeys.js';
import { accessOf, openDoorWarning, withAccessOptions, type ReaderAccessOptions } from './readerOptions.js';
import { exampleRequest, viewFolderOf, viewOption } from './readerView.js';
import { redisFileOption, redisOption, withReadingOptions, type ReadingOptions } from './serverOptions.js';
import { StopSignals } from './stopSignals.js';
import { tlsOf, withTlsOptions, type TlsOptions } from './tlsOptions.js';
import { withTraceOptions, withTraces, type TraceOptions } from './traceOptions.js';

interface ServeOptions extends FolderOptions, ReadingOptions, TraceOptions, TlsOptions, Omit<ReaderAccessOptions, 'data' | 'view'> {
  readonly host: string;
  readonly port: number;
  readonly clock: 'wall' | 'data';
  readonly view?: string;
  readonly shard?: Shard;
  readonly rebuild?: true;
  readonly log?: true;
  readonly page: boolean;
  readonly modelRegistry?: string;
  readonly redis?: string;
  readonly redisOptions?: string;
  readonly events?: true;
  /** Size of the outbox, MiB. */
  readonly outbox: number;
  readonly replication: number;
  readonly metrics?: true;
  readonly drain: number;
}

/** A request to a broker that is not answered for so long says that the reader is behind, ms. */
const REQUEST_TIMEOUT_MS = 5_000;

const MEBIBYTE = 2 ** 20;

const DESCRIPTION = `Serves the recommendations of the folder over HTTP, and a page that shows them, until Ctrl+C. Works beside a "run" of another
process and follows what it writes. The answers and their fallbacks are described by /openapi.json.

With --kafka it follows the topics there, committed records alone, and needs no folder: --data only says where the view is. In a region with
data keys it needs --redis for them: without it sealed lists cannot be opened, and events are refused as soon as a sealed record was seen. While no broker answers, it
serves what it has, and /readyz says so. With --redis its page shows topologies, replays, dead letters, the windows behind the lists and the history of decisions there, too.

What is served lies in a view of its own, by default the folder "reader" in the data folder, so that a restart is instant. The view
is a copy of topics and can be built anew at any time; the deny list and the outbox of events beside it are not.

It listens on this machine only unless --host says otherwise. Nobody is asked who they are: --keys or --issuer changes that. Events of clients are
refused, unless --events says to write them to topics of Kafka: a folder has one writer, and that is not the reader. While Kafka does not take them
they wait in an outbox beside the view. Started without --events, it says how many an earlier reader has left there.

Stopped, it says for --drain seconds that it is not ready, and answers on; then it ends.`;

/** The reader, and the commands about it. */
export function readerCommand(): Command {
  const group = groupCommand('reader', 'serve recommendations over HTTP', [readerDenyCommand(), readerKeysCommand()]);
  return group.addCommand(serveCommand(), { isDefault: true });
}

function serveCommand(): Command {
  const command = folderCommand('serve', 'serve recommendations over HTTP; "skillforge reader" alone does it, too', DESCRIPTION, [
    'skillforge reader',
    'skillforge reader --data ./school --clock data --port 0',
    'skillforge reader --kafka localhost:9092 --view ./view',
    'skillforge reader serve --host 0.0.0.0 --keys --log --metrics --drain 10',
    'skillforge reader --kafka localhost:9092 --view ./view --events --issuer https://login.example.org --audience reader',
    'skillforge reader --kafka localhost:9092 --view ./view-2 --shard 2/3',
  ]);
  return withTraceOptions(withTlsOptions(withAccessOptions(withReadingOptions(command))))
    .option('--host <address>', 'address of this machine to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 takes any that is free', wholeNumber(0), DEFAULT_PORT)
    .addOption(
      new Option('--clock <clock>', 'by which lists are stale: that of this machine, or of the data: the time of the latest list')
        .choices(['wall', 'data'])
        .default('wall'),
    )
    .addOption(viewOption())
    .option('--shard <n/of>', 'hold the lists of a part of the learners alone, such as 2/3: the second of three readers', shardIn)
    .option('--rebuild', 'build the view anew')
    .option('--log', 'write a line of JSON per request and event to standard error; none holds an id of a learner')
    .option('--no-page', 'no page, only the interface for programs')
    .addOption(modelRegistryOption())
    .addOption(redisOption('with --kafka: where the state of topologies is, for the page, and the data keys of the region'))
    .addOption(redisFileOption())
    .addOption(new Option('--events', 'write exposures and feedback that clients send, with --kafka'))
    .option('--outbox <MiB>', 'most that may wait on disk while Kafka takes no events; more are refused', wholeNumber(1), OUTBOX_BYTES / MEBIBYTE)
    .option('--replication <n>', 'replicas of topics that are created for events', wholeNumber(1), 1)
    .option('--metrics', 'count requests, and serve metrics for Prometheus at /metrics')
    .option('--drain <seconds>', 'when it is stopped, say so for so long before it ends', wholeNumber(0), 0)
    .action(serve);
}

const serve = (options: ServeOptions): Promise<void> => withTraces(options, 'skillforge-reader', (traces) => served(options, traces));

async function served(options: ServeOptions, traces: Traces | null): Promise<void> {
  const tls = tlsOf(options);
  const source = await sourceOf(options);
  try {
    tellAway(source);
    const { log, schemas, events } = source;
    const reader = await createReader({
      ...accessOf(options),
      ...tls,
      log,
      drainMs: options.drain * 1_000,
      ...(events && { outbox: { folder: viewFolderOf(options), log: events, mostBytes: options.outbox * MEBIBYTE } }),
      ...(options.metrics ? { metrics: true } : {}),
      ...(traces && { traces }),
      ...(schemas && { schemas }),
      region: options.region,
      store: { folder: viewFolderOf(options) },
      ...(options.clock === 'data' ? { now: 'data' } : {}),
      ...(options.shard && { shard: options.shard }),
      ...(options.rebuild ? { rebuild: true } : {}),
      ...(options.page ? { console: source.console } : {}),
      ...(options.log ? { logStream: process.stderr } : { onNotice: tellNotice, onLeft: tellLeft }),
    });
    const stopped = new Promise<void>((resolve) => new StopSignals(resolve));
    try {
      // Stopped while it still reads the log, or waits for a broker: only the end of the reader ends that wait.
      await Promise.race([announce(reader, options), stopped]);
      await stopped;
    } finally {
      await reader.close();
    }
  } finally {
    await source.close();
  }
}

/** Of a text such as `2/3`, counted from 1. */
function shardIn(text: string): Shard {
  const [, number, of] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('Give the number of the reader and how many there are, such as 2/3.');
  const shard = { index: Number(number) - 1, of: Number(of) };
  try {
    assertShard(shard);
  } catch (error) {
    throw new InvalidArgumentError(`${errorMessageOf(error)}.`);
  }
  return shard;
}

function sourceOf(options: ServeOptions): Promise<ReaderSource> {
  const models = { registry: openedRegistry(options) };
  if (options.kafka !== undefined) return kafkaSource({ ...options, models }, viewFolderOf(options), { requestTimeoutMs: REQUEST_TIMEOUT_MS });
  if (options.events) throw usageError('--events needs --kafka: a folder has one writer, and that is not the reader');
  return folderSource(options.data, options.region, models);
}

/** An address may be wrong: who started the reader hears of it. */
function tellAway({ log }: ReaderSource): void {
  try {
    log.topics();
  } catch (error) {
    process.stderr.write(`${errorCodeOf(error)}: ${errorMessageOf(error)}; what is in the view is served meanwhile
`);
  }
}

async function announce(reader: Reader, options: ServeOptions): Promise<void> {
  const { host, port } = options;
  const warning = openDoorWarning(options);
  if (warning !== null) process.stderr.write(`${warning}\n`);
  const url = await reader.listen({ host, port });
  if (options.json) printJson({ url, view: viewFolderOf(options) });
  else print(`serving ${url}${options.page ? '  (open it in a browser)' : ''}`);
  // Stopped before the end of the log was reached: that is the end of this command, and no failure.
  const caughtUp = await reader.client.caughtUp().then(
    () => true,
    () => false,
  );
  if (caughtUp) sayReady(reader, url, options);
}

function sayReady(reader: Reader, url: string, { json }: ServeOptions): void {
  const [learner = null] = reader.client.learners('', 1);
  if (json) printJson(reader.client.status());
  else print(`ready; try\n  curl '${exampleRequest(url, learner)}'`);
}

function tellLeft({ events, oldestMs }: OutboxStatus): void {
  const since = oldestMs === null ? '' : `, the oldest since ${new Date(oldestMs).toISOString()}`;
  process.stderr.write(`WARNING: ${events} events of clients wait on disk${since}: only a reader with --events forwards them\n`);
}

function tellNotice(notice: ClientNotice): void {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  if (notice.kind === 'rebuild') say(`the view is built anew: ${notice.reason.message}`);
  else if (notice.kind === 'served') say(`serving ${notice.topic} from now on`);
  else if (notice.kind === 'trouble') say(`${notice.code}: the log cannot be followed; what is in the view stays served`);
  else {
    const { topic, partition, offset, code } = notice.record;
    say(`${code}: the record ${topic}/${partition}/${offset} cannot be used; the last good one of its key stays`);
  }
}
