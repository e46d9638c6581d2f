/** `skillforge privacy move`. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { ERASURES_FOLDER } from '../privacy/erasure/journal.js';
import type { RegionServers } from '../privacy/erasure/servers.js';
import { SigningKey } from '../privacy/erasure/signing.js';
import type { Counts } from '../privacy/move/carry.js';
import { assertOneKind, moveLearner, type MoveReceipt } from '../privacy/move/move.js';
import { keyPathOf, onRegion, placeCommand, withInstallation, type PlaceOptions } from './erasureOptions.js';
import { homesOf } from './homesOption.js';
import { wholeNumber } from './options.js';
import { countText, print, printJson, printable, tableText, timeText } from './output.js';

interface MoveCommandOptions extends PlaceOptions {
  readonly homes: string;
  readonly toData: string;
  readonly toRegion: string;
  readonly toGatewayFolder?: string;
  readonly toKafka?: string;
  readonly toKafkaOptions?: string;
  readonly toRedis?: string;
  readonly toRedisOptions?: string;
  readonly toRegistry?: string;
  readonly toRegistryOptions?: string;
  readonly toReplication: number;
  readonly transferBasis?: string;
  readonly key?: string;
}

const DESCRIPTION = `Moves a learner's home to another region. IDENTITY is what the gateways are sent, such as mailto:ada@example.org. What was told of the learner, what they did and what
people decided for them is brought from --data to --to-data, under the pseudonym that the gateway of the new region gives, tagged for it and with the times that it had. Then one write in the register
of homes says that the new region is home: from that write on the gateway there takes their events, and that of the old region answers 421. Then the old region erases them, as "privacy erase" does, from every
place that the options name.

On folders, stop what writes to the two meanwhile: "run", "start", the gateways. After a failure, or a kill, the same command does what is left, and nothing twice. It ends with a receipt that is signed and kept in
the folder "erasures" of the old region.

With --kafka, --redis, --to-kafka and --to-redis it works between the servers of two regions, while gateways and workers of both go on. Both regions need data keys, and the gateways of all regions a register of homes
in a Redis (--homes redis://...). What the old region takes until the switch is brought after it. Call it on the machine where the folders of both gateways are. Journals and receipts lie in --data; in --to-data those of moves from
the new region do.

Not carried: lists, state and statistics, which the new region makes anew; what was shown, and what came of it; topics of your own. Clicks that the clock of the new region has passed count in no window there.
See docs/how-to/move-a-learner.md.`;

/** Moves a learner to another region. */
export function privacyMoveCommand(): Command {
  const command = placeCommand('move <identity>', "move a learner's home to another region", DESCRIPTION, [
    'skillforge privacy move mailto:ada@example.org --data ./eu-west --region eu-west --to-data ./eu-north --to-region eu-north --homes ./homes',
    'skillforge privacy move mailto:ada@example.org --data ./eu-west --to-data ./eu-north --to-region eu-north --homes ./homes --also ./training --json',
    'skillforge privacy move mailto:ada@example.org --kafka west:9092 --redis redis://west:6379 --to-kafka north:9092 --to-redis redis://north:6379 --data ./eu-west --to-data ./eu-north --to-region eu-north --homes redis://homes:6379 --homes-key ./homes.key',
  ])
    .requiredOption('--to-data <dir>', 'folder of the embedded storage of the new region; on servers that of its journals')
    .requiredOption('--to-region <name>', 'the new region')
    .option('--to-gateway-folder <dir>', 'folder of the gateway of the new region; by default "gateway" in --to-data')
    .option('--to-kafka <addresses>', 'the Kafka of the new region, as --kafka has it')
    .option('--to-redis <addresses>', 'the Redis of the new region, as --redis has it')
    .option('--to-kafka-options <file>', 'as --kafka-options has it, for --to-kafka')
    .option('--to-redis-options <file>', 'as --redis-options has it, for --to-redis')
    .option('--to-registry <url>', 'as --registry has it, for --to-kafka')
    .option('--to-registry-options <file>', 'as --registry-options has it, for --to-registry')
    .option('--to-replication <n>', 'replicas of topics that are created in --to-kafka', wholeNumber(1), 1)
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
  const { kafka, redis, toKafka, toRedis, toData, toRegion, toGatewayFolder, transferBasis } = options;
  const homes = homesOf(options)!;
  assertOneKind({ from: (kafka ?? redis) !== undefined, to: (toKafka ?? toRedis) !== undefined, homes: typeof homes === 'object' });
  await withInstallation(options, (from) =>
    onDestination(options, async (servers) => {
      const receipt = await moveLearner({
        identity,
        from,
        to: { data: toData, region: toRegion, gatewayFolder: toGatewayFolder ?? join(toData, 'gateway'), ...(servers && { servers }) },
        homes,
        key: SigningKey.at(keyPathOf(options, ERASURES_FOLDER)),
        ...(transferBasis === undefined ? {} : { transferBasis }),
      });
      if (options.json) printJson(receipt);
      else print(movedText(identity, receipt));
    }),
  );
}

/** Runs `work` on the servers of the new region, where they are named. @throws what opening servers throws, and what `work` throws */
function onDestination<T>(options: MoveCommandOptions, work: (servers?: RegionServers) => Promise<T>): Promise<T> {
  const { toRegion: region, toKafka, toRedis, toKafkaOptions, toRedisOptions, toRegistry, toRegistryOptions, toReplication: replication } = options;
  if ((toKafka ?? toRedis) === undefined) return work();
  const { driver, allowUnsafeProducer } = options;
  const given = {
    kafka: toKafka,
    redis: toRedis,
    kafkaOptions: toKafkaOptions,
    redisOptions: toRedisOptions,
    registry: toRegistry,
    registryOptions: toRegistryOptions,
    allowUnsafeProducer,
  };
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return onRegion({ region, driver, replication, ...named }, work);
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
