/** `skillforge reader`. */
import { Option, type Command } from 'commander';
import { DEFAULT_PORT, createReader, type ClientNotice, type ConsoleSource, type Reader } from '../../reader/index.js';
import type { EmbeddedStorage } from '../../runtime/embedded/index.js';
import { consoleSource } from '../serving/consoleSource.js';
import { FollowedFolder } from '../serving/followedFolder.js';
import { folderCommand, groupCommand, wholeNumber, type FolderOptions } from './options.js';
import { print, printJson } from './output.js';
import { readerDenyCommand } from './readerDeny.js';
import { exampleRequest, viewFolderOf, viewOption } from './readerView.js';
import { StopSignals } from './stopSignals.js';

interface ServeOptions extends FolderOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: 'wall' | 'data';
  readonly view?: string;
  readonly rebuild?: true;
  readonly log?: true;
  readonly page: boolean;
}

const DESCRIPTION = `Serves the recommendations of the folder over HTTP, and a page that shows them, until Ctrl+C. Works beside a "run" of another
process and follows what it writes. The answers and their fallbacks are described by /openapi.json.

What is served lies in a view of its own, by default the folder "reader" in the data folder, so that a restart is instant. The view
is a copy of topics and can be built anew at any time; the deny list beside it is not.

There is no authentication: the reader listens on this machine only unless --host says otherwise.`;

/** The reader, and the commands about it. */
export function readerCommand(): Command {
  const group = groupCommand('reader', 'serve recommendations over HTTP', [readerDenyCommand()]);
  return group.addCommand(serveCommand(), { isDefault: true });
}

function serveCommand(): Command {
  return folderCommand('serve', 'serve recommendations over HTTP; "skillforge reader" alone does it, too', DESCRIPTION, [
    'skillforge reader',
    'skillforge reader --data ./school --clock data --port 0',
    'skillforge reader serve --host 0.0.0.0 --log',
  ])
    .option('--host <address>', 'address of this machine to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 takes any that is free', wholeNumber(0), DEFAULT_PORT)
    .addOption(
      new Option('--clock <clock>', 'by which lists are stale: that of this machine, or of the data: the time of the latest list')
        .choices(['wall', 'data'])
        .default('wall'),
    )
    .addOption(viewOption())
    .option('--rebuild', 'build the view anew')
    .option('--log', 'write a line of JSON per request and event to standard error; none holds an id of a learner')
    .option('--no-page', 'no page, only the interface for programs')
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const folder = await FollowedFolder.open(options.data);
  try {
    const reader = await createReader({
      log: folder.log,
      region: options.region,
      store: { folder: viewFolderOf(options) },
      ...(options.clock === 'data' ? { now: 'data' } : {}),
      ...(options.rebuild ? { rebuild: true } : {}),
      ...(options.page ? { console: consoleOf(folder, options.region) } : {}),
      ...(options.log ? { logStream: process.stderr } : { onNotice: tellNotice }),
    });
    const stopped = new Promise<void>((resolve) => new StopSignals(resolve));
    try {
      await announce(reader, options);
      await stopped;
    } finally {
      await reader.close();
    }
  } finally {
    await folder.close();
  }
}

/** The figures of the storage that is read now. */
function consoleOf(folder: FollowedFolder, region: string): ConsoleSource {
  let known: { readonly of: EmbeddedStorage; readonly source: ConsoleSource } | null = null;
  const current = (): ConsoleSource => {
    if (known?.of !== folder.storage) known = { of: folder.storage, source: consoleSource(folder.storage, { region }) };
    return known.source;
  };
  return { overview: () => current().overview(), learner: (learner) => current().learner(learner), trend: (cohort) => current().trend(cohort) };
}

async function announce(reader: Reader, options: ServeOptions): Promise<void> {
  const { host, port } = options;
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
