import type { MessagePort } from 'node:worker_threads';

/** Place of the state in the control array, which the thread that decides and the thread that scores share. */
export const STATE = 0;
/** Place of the number of the pair of rankers. */
export const MODEL = 1;
/** Place of the rows of the batch. */
export const ROWS = 2;
/** Place of the features of a row. */
export const COLUMNS = 3;
/** Length of the control array. */
export const PLACES = 4;

/** State: nobody asks. */
export const IDLE = 0;
/** State: a batch waits to be scored. */
export const ASKED = 1;
/** State: the batch could not be scored. */
export const FAILED = 2;
/** State: the thread is to end, or has ended. */
export const ENDED = 3;

/** Both lists' scores of a batch: those of `next` come first, those of `new` from the middle on. */
export interface ScoringBuffers {
  /** Row-major, as many as fit. */
  readonly features: SharedArrayBuffer;
  readonly scores: SharedArrayBuffer;
}

/** A pair of rankers as ONNX files. */
export interface OnnxPair {
  /** Where they come from, for messages. */
  readonly folder: string;
  readonly next: Uint8Array;
  readonly new: Uint8Array;
  /** Features of a row. */
  readonly columns: number;
}

/** What the scoring thread starts from. */
export interface ScoringStart {
  readonly control: SharedArrayBuffer;
  /** Brings new buffers, and takes what went wrong. */
  readonly port: MessagePort;
  readonly models: readonly OnnxPair[];
}
