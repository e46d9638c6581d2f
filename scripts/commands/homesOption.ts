/** Where the register of homes is, as commands are told. */
import type { Command } from 'commander';
import { SkillForgeError } from '../../schemas/index.js';
import type { HomesPlace } from '../gateway/homesPlace.js';
import { redisOptionsOf } from './serverOptions.js';

/** What commands are told. */
export interface HomesOptions {
  /** A folder, an address `redis://…`, or those of some servers of a Redis Cluster with commas between. */
  readonly homes?: string;
  readonly homesKey?: string;
  readonly homesOptions?: string;
}

const ADDRESS = /^rediss?:\/\//;
/** No path: a folder is named with a slash where its name looks so. */
const NODES = /^[^/\\\s,]+:\d+(,[^/\\\s,]+:\d+)*$/;

/** Gives a command `--homes` and what belongs to it. @param what - what the register is for */
export const withHomesOptions = (command: Command, what: string): Command =>
  command
    .option(
      '--homes <place>',
      `the register of homes, which the gateways of all regions share: a folder of this machine, or redis://host:6379, or host:port,host:port of a Redis Cluster; ${what}`,
    )
    .option('--homes-key <file>', 'key of a register in Redis, the same file everywhere; made where the register is new')
    .option('--homes-options <file>', 'for a register in Redis: JSON file with username, password, tls or keyPrefix');

/** The register that options name. @throws SFS_HOMES_KEY for one in Redis without a key, SFS_REDIS_OPTION */
export function homesOf({ homes, homesKey, homesOptions }: HomesOptions): HomesPlace | undefined {
  if (homes === undefined || !(ADDRESS.test(homes) || NODES.test(homes))) return homes;
  const name = ADDRESS.test(homes) && URL.canParse(homes) ? `${new URL(homes).host}${new URL(homes).pathname}` : homes;
  if (homesKey === undefined) {
    const message = `the register of homes at ${name} holds hashes under a key: say with --homes-key in which file it is`;
    throw new SkillForgeError('SFS_HOMES_KEY', message);
  }
  const { region: _, ...redis } = redisOptionsOf({
    redis: homes,
    region: 'homes',
    ...(homesOptions === undefined ? {} : { redisOptions: homesOptions }),
  });
  return { redis, keyFile: homesKey, name };
}
