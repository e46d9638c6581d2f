/** What runs of replays on a folder and on servers have in common. */
import type { Topology } from '../../operators/topology.js';
import { keepReplay } from '../../runtime/replay/beginning.js';
import type { ReplayPlace } from '../../runtime/replay/replayPlace.js';
import { replayState } from '../../runtime/replay/replayState.js';
import type { ExperimentsOptions } from './experimentOptions.js';
import type { RangeOptions } from './replayRange.js';
import type { ToolOptions } from './toolAccess.js';

/** What `replay run` is told. */
export interface ReplayRunOptions extends ToolOptions, ExperimentsOptions, RangeOptions {
  readonly rate: number;
  readonly batchRecords?: number;
  readonly follow?: true;
  readonly with?: readonly string[];
  readonly check: boolean;
}

/** What a run of a replay did. */
export interface ReplayRunSummary {
  /** `name@number`. */
  readonly replay: string;
  /** Records that were taken; on servers by all processes of the replay. */
  readonly processed: number;
  readonly seconds: number;
  /** Whether it was at the end of the log, now or before. */
  readonly caughtUp: boolean;
}

/** Remembers that a replay was at the end of the log; it stays so. */
export async function keepStatus(place: ReplayPlace, { name }: Topology, reached: boolean): Promise<boolean> {
  const { replay } = replayState(place.documents, name);
  if (reached && replay?.status === 'running') await keepReplay(place, name, { ...replay, status: 'caught-up' });
  return reached || replay?.status === 'caught-up';
}
