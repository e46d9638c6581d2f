/** What a run and its threads say to each other, beside what they say about the storage. */
import type { MessagePort } from 'node:worker_threads';
import type { SentError } from '../../runtime/embedded/threads/threadMessages.js';
import type { ThreadShare } from '../../runtime/engine/threadPlacement.js';
import type { EmbeddedStorage } from '../../runtime/embedded/index.js';
import type { RunProgress, RunRequest, RunSummary } from './topologyRun.js';

/** Threads that a run is shared out among. What the topologies decide with, each opens by itself. */
export interface ThreadsWanted {
  readonly count: number;
  readonly storage: EmbeddedStorage;
  readonly folder: string;
  /** Paths of the topologies' files, in their order. */
  readonly files: readonly string[];
  /** A folder of models; without it the formula decides. */
  readonly models?: string | undefined;
}

/** What a thread begins with. */
export interface RunThreadStart extends Pick<ThreadsWanted, 'folder' | 'files' | 'models'> {
  readonly share: ThreadShare;
  /** To the owner of the storage. */
  readonly port: MessagePort;
  readonly request: Pick<RunRequest, 'region' | 'mode' | 'batchRecords' | 'idleMs' | 'markerMs'>;
}

/** What a thread says; whatever it is told is to stop. */
export type FromRunThread =
  | { readonly kind: 'progress'; readonly progress: RunProgress }
  | { readonly kind: 'ended'; readonly summary: RunSummary }
  | { readonly kind: 'failed'; readonly error: SentError };
