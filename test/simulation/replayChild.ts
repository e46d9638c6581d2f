/** Runs the topologies over a folder to the end of what there is. Its argument is a {@link ReplayRequest} in JSON; it prints one {@link ReplayReport}. */
import { openEmbedded } from '../../runtime/embedded/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';
import { Worker, type WorkerOptions } from '../../runtime/engine/worker.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { errorCodeOf, errorMessageOf } from '../../schemas/index.js';
import { markCommits } from './commitMarks.js';
import { contentsOf, digestOf } from './contents.js';
import { REGION, TOPOLOGIES } from './replayed.js';
import { runOnThreads } from './threadedReplay.js';
import { tornCommits, type Tearing } from './tornCommits.js';

/** Event time between two markers: at the default of a minute, most of a small replay would be markers. */
const MARKER_MS = 10 * 60_000;

/** Compaction that is never far away. */
const COMPACTING = { upkeepIntervalMs: 10, minDirtyRecords: 20, markerIdOf };

export interface ReplayRequest {
  readonly folder: string;
  /** Inputs and timers between two commits of a task. */
  readonly maxRecords: number;
  /** `until-end` leaves windows open, so that state and timers are many; `end-of-input` closes them. */
  readonly mode: 'until-end' | 'end-of-input';
  /** File for the counts of commits. */
  readonly marks?: string;
  /** Makes commits non-atomic. */
  readonly tearing?: Tearing;
  /** Compact meanwhile. Left out, nothing is compacted, so that every record can be compared. */
  readonly compacting?: boolean;
  /** Share the tasks out among so many threads; one has them all without. */
  readonly threads?: number;
  /** Compute the digest of the contents at the end. */
  readonly digest?: boolean;
}

export type ReplayReport =
  { readonly outcome: 'done'; readonly digest: string | null } | { readonly outcome: 'failed'; readonly code: string; readonly message: string };

async function replay({ folder, mode, maxRecords, marks, tearing, compacting, threads, digest }: ReplayRequest): Promise<ReplayReport> {
  const embedded = await openEmbedded(folder, compacting === true ? COMPACTING : { upkeepIntervalMs: 0 });
  const marked: LocalStorage = marks === undefined ? embedded : markCommits(embedded, marks);
  const storage = tearing === undefined ? marked : tornCommits(marked, tearing);
  try {
    const options = { region: REGION, mode, limits: { maxRecords, markerMs: MARKER_MS } };
    if (threads === undefined) await runAlone(storage, options);
    else await runOnThreads({ storage, folder, flushed: () => embedded.flushed() }, options, threads);
    return { outcome: 'done', digest: digest === true ? digestOf(contentsOf(storage)) : null };
  } finally {
    await storage.close();
  }
}

async function runAlone(storage: LocalStorage, options: WorkerOptions): Promise<void> {
  const worker = new Worker(TOPOLOGIES, storage, options);
  await worker.start();
  await worker.run();
}

const request = JSON.parse(process.argv[2]!) as ReplayRequest;
const report = await replay(request).catch((error: unknown): ReplayReport => ({
  outcome: 'failed',
  code: errorCodeOf(error, 'SFS_NONE'),
  message: errorMessageOf(error),
}));
console.log(JSON.stringify(report));
process.exitCode = report.outcome === 'done' ? 0 : 1;
