/** What the commands `skillforge oversight` have in common. */
import { Option, type Command } from 'commander';
import type { Actor, Order } from '../oversight/orders.js';
import { giveOrder } from '../oversight/access.js';
import { usageError } from './failures.js';
import { folderCommand, wholeNumber, type FolderOptions } from './options.js';
import { print, printJson } from './output.js';
import {
  driverOption,
  kafkaFileOption,
  redisFileOption,
  redisOption,
  registryFileOption,
  registryOption,
  type ServerOptions,
} from './serverOptions.js';
import { userName } from './userName.js';

/** What each of them is told. */
export interface OversightOptions
  extends FolderOptions, Pick<ServerOptions, 'kafka' | 'kafkaOptions' | 'redis' | 'redisOptions' | 'driver' | 'registry' | 'registryOptions'> {}

/** What a command that decides something is told. */
export interface DecidingOptions extends OversightOptions, Pick<ServerOptions, 'allowUnsafeProducer' | 'replication'> {
  readonly reason: string;
  readonly by?: string;
}

const WHERE = `It is a record in the log: readers that follow the log answer by it within ten seconds, wherever they run, and keep to it while the log is
away. "oversight log" shows who decided what, when and why. It works beside whatever has the folder open. With --kafka it needs
no Redis; "override" does in a region that has data keys. Give --registry where readers and workers have it: then other clients of the registry read the record,
too. A registry that does not answer holds no decision up.`;

/** A command on the folder, or on the topics of a region on Kafka. */
export function overseeingCommand(signature: string, summary: string, description: string, shown: readonly string[]): Command {
  return folderCommand(signature, summary, description, shown)
    .addOption(new Option('--kafka <addresses>', 'work on Kafka instead of a folder: brokers, with commas between').env('SKILLFORGE_KAFKA'))
    .addOption(kafkaFileOption())
    .addOption(driverOption())
    .addOption(registryOption())
    .addOption(registryFileOption());
}

/** Gives a command what it needs on Kafka to seal, or to open, what names a learner. @param without - what happens otherwise in a region with data keys */
export function withKeyOptions(command: Command, without: string): Command {
  return command.addOption(redisOption(`where the data keys of the region are, with --kafka; without it ${without}`)).addOption(redisFileOption());
}

/** A command that decides something. */
export function decidingCommand(signature: string, summary: string, description: string, shown: readonly string[]): Command {
  return overseeingCommand(signature, summary, `${description}\n\n${WHERE}`, shown)
    .requiredOption('--reason <text>', 'why, in words that somebody can judge later; kept with the decision')
    .option('--by <name>', 'who decides (default: the account that runs this)')
    .option('--allow-unsafe-producer', 'let the driver kafkajs write, which can lose acknowledged records')
    .option('--replication <n>', 'replicas of topics that are created in Kafka', wholeNumber(1), 1);
}

/** Who decides. @throws SFS_USAGE for an empty reason or name */
export function actorOf({ region, reason, by = userName() }: DecidingOptions): Actor {
  if (reason.trim() === '') throw usageError('--reason is empty: say why');
  if (by.trim() === '') throw usageError('--by is empty: say who decides');
  return { region, reason: reason.trim(), by: by.trim(), nowMs: Date.now() };
}

/** Gives an order, and says so. @param text - what is so from now on */
export async function decide(options: DecidingOptions, order: Order, text: string): Promise<void> {
  const startMs = performance.now();
  await giveOrder(options, order);
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) printJson({ ...(order.kind === 'measure' ? order.measure : order.override), writtenInSeconds: seconds });
  else print(`${text}; readers follow within ten seconds`);
}
