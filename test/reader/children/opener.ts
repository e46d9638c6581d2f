/** Opens one file of a reader's or a gateway's folder, says so, and keeps it open until its input ends: `opener.ts <outbox | view | denied | identities | received> <folder>`. */
import { ReceivedEvents, openIdentityMap } from '../../../gateway/index.js';
import { Outbox } from '../../../reader/outbox.js';
import { LmdbViewStore } from '../../../reader/lmdbViewStore.js';
import { openDenyList } from '../../../reader/denyList.js';
import { errorCodeOf } from '../../../schemas/index.js';

const [what, folder] = process.argv.slice(2) as [string, string];
const OPENS: Readonly<Record<string, () => unknown>> = {
  outbox: () => Outbox.open(folder, 'eu-west'),
  view: () => LmdbViewStore.open(folder),
  identities: () => openIdentityMap(folder),
  received: () => ReceivedEvents.open(folder),
  denied: () => openDenyList({ folder }),
};

try {
  await OPENS[what]!();
  process.stdout.write(`${JSON.stringify({ pid: process.pid })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ pid: process.pid, code: errorCodeOf(error), message: String(error) })}\n`);
}
process.stdin.resume().on('end', () => process.exit(0));
