/** Writes synthetic clicks into the log; can be cut off anywhere and repeated. */
import { topics } from '../../schemas/index.js';
import type { Storage } from '../../runtime/ports.js';
import { syntheticClicks, syntheticOptions, type SyntheticOptions } from '../synthetic/index.js';
import { RecordAppender } from './recordAppender.js';

/** What was generated. */
export interface SyntheticResult {
  readonly options: SyntheticOptions;
  readonly written: number;
  /** Clicks that an earlier run with the same options had written. */
  readonly alreadyThere: number;
}

/**
 * Writes the clicks of these options that are not there yet.
 * @param most - clicks in all; what lies behind them is left out. `null` for all of them
 * @throws SFS_SYNTHETIC_OPTION, SFS_REGION_INVALID, and what writing throws
 */
export async function importSyntheticClicks(
  storage: Storage,
  given: Partial<SyntheticOptions>,
  most: number | null,
  onProgress: (written: number, total: number) => void,
): Promise<SyntheticResult> {
  const options = syntheticOptions(given);
  const writer = `import/synthetic/${options.region}/${Object.values(options).join('-')}`;
  const appender = new RecordAppender(storage, topics.clicks, options.region, writer);
  const alreadyThere = appender.progress<{ readonly events: number }>()?.events ?? 0;
  let met = 0;
  for (const clicks of syntheticClicks(options)) {
    const taken = clicks.slice(0, (most ?? Infinity) - met);
    const fresh = taken.slice(Math.max(0, alreadyThere - met));
    met += taken.length;
    for (const click of fresh) appender.add(click);
    if (fresh.length > 0) await appender.commit({ events: met });
    onProgress(met, most ?? options.days * options.clicksPerDay);
    if (taken.length < clicks.length) break;
  }
  await appender.finish();
  return { options, written: met - Math.min(met, alreadyThere), alreadyThere: Math.min(met, alreadyThere) };
}
