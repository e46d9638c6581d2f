/** Opens what the commands of replays work on: the folder, or the servers that their options name. */
import type { Replay } from '../../runtime/replay/replayState.js';
import { localReplays, type ReplayPlace, type ReplayView } from '../../runtime/replay/replayPlace.js';
import type { ValueDecoder } from '../../runtime/replay/sides.js';
import { SkillForgeError, physicalTopicName } from '../../schemas/index.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { readingFolder, withFolder } from './folder.js';
import { openServers, type Servers } from './serverOptions.js';
import type { ToolOptions } from './toolAccess.js';
import { usageError } from './failures.js';
import { decoderOf } from './topicCodecs.js';

/** What is open: the place, and what lies below it. */
export type OpenPlace =
  | { readonly place: ReplayPlace; readonly storage: LocalStorage; readonly servers: null }
  | { readonly place: ReplayPlace; readonly servers: Servers };

/** Runs `work` without writing, beside running workers. */
export function readingReplays<T>(options: ToolOptions, work: (open: OpenPlace) => Promise<T>): Promise<T> {
  if (options.kafka !== undefined) return onServers(options, work);
  return readingFolder(options.data, (storage) => work({ place: localReplays(storage, options.region), storage, servers: null }));
}

/** Runs `work`; a folder is its own meanwhile. */
export function writingReplays<T>(options: ToolOptions, work: (open: OpenPlace) => Promise<T>): Promise<T> {
  if (options.kafka !== undefined) return onServers(options, work);
  return withFolder(options.data, (storage) => work({ place: localReplays(storage, options.region), storage, servers: null }));
}

async function onServers<T>(options: ToolOptions, work: (open: OpenPlace) => Promise<T>): Promise<T> {
  const servers = await openServers(options);
  try {
    const { clusterReplays } = await import('../../runtime/cluster/clusterReplays.js');
    return await work({ place: await clusterReplays(servers, options.region), servers });
  } finally {
    await servers.close();
  }
}

/** `learner-lists@2`. */
export const replayId = ({ graph }: Replay): string => `${graph.name}@${graph.version}`;

/** Decodes results. @param topic - logical name, of a version @throws SFS_SCHEMA_UNKNOWN */
export function resultDecoder({ documents, region, tools }: ReplayView, topic: string): ValueDecoder {
  const physical = physicalTopicName(region, topic);
  const decoder = decoderOf({ documents, schemas: tools.schemas }, physical);
  if (decoder !== null) return decoder;
  throw new SkillForgeError('SFS_SCHEMA_UNKNOWN', `the schema of ${physical} is not known here`, { context: { topic: physical } });
}

/** Parser of `1%`, or of the same as `0.01`. */
export function share(text: string): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ?? [];
  const value = Number(digits) / (percent === '%' ? 100 : 1);
  if (digits === undefined || value > 1) throw usageError(`"${text}" is no share: give 1%, or 0.01`);
  return value;
}
