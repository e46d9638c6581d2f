/** `skillforge privacy move`. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { SkillForgeError } from '../../schemas/index.js';
import { ERASURES_FOLDER } from '../privacy/erasure/journal.js';
import { SigningKey } from '../privacy/erasure/signing.js';
import type { Counts } from '../privacy/move/carry.js';
import { moveLearner, type MoveReceipt } from '../privacy/move/move.js';
import { keyPathOf, placeCommand, withInstallation, type PlaceOptions } from './erasureOptions.js';
import { countText, print, printJson, printable, tableText, timeText } from './output.js';

interface MoveCommandOptions extends PlaceOptions {
  readonly homes: string;
  readonly toData: string;
  readonly toRegion: string;
  readonly toGatewayFolder?: string;
  readonly transferBasis?: string;
  readonly key?: string;
}

const DESCRIPTION = `Moves a learner's home to another region. IDENTITY is what the gateways are sent, such as mailto:ada@example.org. What was told of the learner, what they did and what
people decided for them is brought from --data to --to-data, under the pseudonym that the gateway of the new region gives, tagged for it and with the times that it had. Then one write in the register
of homes says that the new region is home: from that write on the gateway there takes their events, and that of the old region answers 421. Then the old region erases them, as "privacy erase" does, from every
place that the options name.

Stop what writes to the two folders meanwhile: "run", "start", the gateways. After a failure, or a kill, the same command does what is left, and nothing twice. It ends with a receipt that is signed and kept in
the folder "erasures" of the old region.

Not carried: lists, state and statistics, which the new region makes anew; what was shown, and what came of it; topics of your own. Clicks that the clock of the new region has passed count in no window there.
Folders alone: with --kafka or --redis it refuses (SFS_MOVE_SERVERS). See docs/how-to/move-a-learner.md.`;

/** Moves a learner to another region. */
export function privacyMoveCommand(): Command {
  const command = placeCommand('move <identity>', "move a learner's home to another region", DESCRIPTION, [
    'skillforge privacy move mailto:ada@example.org --data ./eu-west --region eu-west --to-data ./eu-north --to-region eu-north --homes ./homes',
    'skillforge privacy move mailto:ada@example.org --data ./eu-west --to-data ./eu-north --to-region eu-north --homes ./homes --also ./training --json',
  ])
    .requiredOption('--to-data <dir>', 'folder of the embedded storage of the new region')
    .requiredOption('--to-region <name>', 'the new region')
    .option('--to-gateway-folder <dir>', 'folder of the gateway of the new region; by default "gateway" in --to-data')
    .option(
      '--transfer-basis <text>',
      'what a transfer out of the EU stands on (GDPR chapter V); needed from a region eu-* to another one, and kept in the receipt',
    )
    .option('--key <file>', 'private key (Ed25519, PEM) that signs the receipts; by default "erasures/receipts.key" in --data, made at first use')
    .action(move);
  command.options.find(({ long }) => long === '--homes')!.makeOptionMandatory();
  return command;
}

async function move(identity: string, options: MoveCommandOptions): Promise<void> {
  assertFolders(options);
  const { homes, toData, toRegion, toGatewayFolder, transferBasis } = options;
  await withInstallation(options, async (from) => {
    const receipt = await moveLearner({
      identity,
      from,
      to: { data: toData, region: toRegion, gatewayFolder: toGatewayFolder ?? join(toData, 'gateway') },
      homes,
      key: SigningKey.at(keyPathOf(options, ERASURES_FOLDER)),
      ...(transferBasis === undefined ? {} : { transferBasis }),
    });
    if (options.json) printJson(receipt);
    else print(movedText(identity, receipt));
  });
}

/** Gateways of servers go on, each with a batch under way that it began before the switch. @throws SFS_MOVE_SERVERS */
function assertFolders({ kafka, redis }: MoveCommandOptions): void {
  const servers = kafka ?? redis;
  if (servers === undefined) return;
  const message = `${servers}: a learner is moved between folders alone, not between servers; "privacy export" there, then "privacy erase", are two steps that nothing ties together`;
  throw new SkillForgeError('SFS_MOVE_SERVERS', message, { context: { servers } });
}

function movedText(identity: string, receipt: MoveReceipt): string {
  const { from, to, switchedAtMs, carried, left, repeats, erasure } = receipt;
  const topics = [...new Set([...Object.keys(carried), ...Object.keys(left)])];
  const count = (counts: Counts, topic: string): string => countText(counts[topic] ?? 0);
  return [
    `${printable(identity)} is at home in ${to} since ${timeText(switchedAtMs)}, and erased in ${from} since ${timeText(erasure.finishedAtMs)}`,
    topics.length === 0
      ? `there was nothing to bring`
      : tableText(
          ['topic', 'brought', 'erased'],
          topics.map((topic) => [topic, count(carried, topic), count(left, topic)]),
        ),
    `${countText(repeats)} events of the last days are repeats where they are sent again`,
    `left in ${from}:`,
    tableText(
      ['store', 'what', 'until'],
      erasure.remaining.map(({ store, what, until }) => [store, what, until]),
    ),
  ].join('\n');
}
