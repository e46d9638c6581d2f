/** Writes synthetic clicks into the log; can be cut off anywhere and repeated. */
import type { Storage } from '../../runtime/ports.js';
import { syntheticClicks, syntheticOptions, type SyntheticOptions } from '../synthetic/index.js';
import { ClickAppender } from './clickAppender.js';

/** What was generated. */
export interface SyntheticResult {
  readonly options: SyntheticOptions;
  readonly written: number;
  /** Clicks that an earlier run with the same options had written. */
  readonly alreadyThere: number;
}

/** Writes the clicks of these options that are not there yet. @throws SFS_SYNTHETIC_OPTION, SFS_REGION_INVALID, and what writing throws */
export async function importSyntheticClicks(
  storage: Storage,
  given: Partial<SyntheticOptions>,
  onProgress: (written: number, total: number) => void,
): Promise<SyntheticResult> {
  const options = syntheticOptions(given);
  const appender = new ClickAppender(storage, options.region, `import/synthetic/${options.region}/${Object.values(options).join('-')}`);
  const alreadyThere = appender.progress<{ readonly events: number }>()?.events ?? 0;
  let met = 0;
  for (const clicks of syntheticClicks(options)) {
    const fresh = clicks.slice(Math.max(0, alreadyThere - met));
    met += clicks.length;
    for (const click of fresh) appender.add(click);
    if (fresh.length > 0) await appender.commit({ events: met });
    onProgress(met, options.days * options.clicksPerDay);
  }
  await appender.finish();
  return { options, written: met - Math.min(met, alreadyThere), alreadyThere: Math.min(met, alreadyThere) };
}
