import type { ErrorCode } from '../../../schemas/index.js';

/** What happens while an alias is followed, for logs and metrics. */
export type ModelEvent =
  | {
      /** A version was fetched, verified and warmed: tasks turn to it. */
      readonly kind: 'opened';
      readonly number: string;
      /** As records tell it, such as `ranker@3fa2b1c4d5e6`. */
      readonly version: string;
    }
  | {
      /** A version is broken, is not there, or is for another region or other features: what decided before goes on. */
      readonly kind: 'refused';
      readonly number: string;
      readonly code: ErrorCode;
      readonly message: string;
    }
  | {
      /** The registry does not answer, for the first time since it did: what decides goes on. */
      readonly kind: 'unreachable';
      readonly code: ErrorCode;
      readonly message: string;
    }
  | {
      /** The registry answers again. */
      readonly kind: 'answering';
    }
  | {
      /** A task turned to a version, or to what decides without a model; durable with its next commit. */
      readonly kind: 'adopted';
      readonly task: string;
      /** `null`: without a model. */
      readonly number: string | null;
      /** Event time from which it decides with it, ms; -Infinity from the beginning. */
      readonly fromMs: number;
    };

/** Takes what happens. */
export type ModelObserver = (event: ModelEvent) => void;
