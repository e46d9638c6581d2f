import type { ErrorCode } from '../../schemas/index.js';

/** What happens while experiments are followed, for logs. */
export type ExperimentEvent =
  | {
      /** A payload was read and checked that is another than the last one: tasks turn to it. */
      readonly kind: 'read';
      /** SHA-256 of what recommendations need of it, in hexadecimal digits. */
      readonly version: string;
    }
  | {
      /** A payload cannot be used: the one before goes on. */
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
    }
  | {
      /** A version of the model that a variation names was fetched, verified and warmed. */
      readonly kind: 'version-opened';
      readonly number: string;
      /** As records tell it, such as `ranker@3fa2b1c4d5e6`. */
      readonly version: string;
    }
  | {
      /** It cannot be used: learners of the variation get what the control of their experiment gets. */
      readonly kind: 'version-refused';
      readonly number: string;
      readonly code: ErrorCode;
      readonly message: string;
    }
  | {
      /** File or server are away, for the first time since they were there: the last payload goes on. */
      readonly kind: 'unreachable';
      readonly code: ErrorCode;
      readonly message: string;
    }
  | {
      /** They are there again. */
      readonly kind: 'answering';
    }
  | {
      /** A task turned to a payload; durable with its next commit. */
      readonly kind: 'adopted';
      readonly task: string;
      readonly version: string;
      /** Event time from which it decides under it, ms; -Infinity from the beginning. */
      readonly fromMs: number;
    };

/** Takes what happens. */
export type ExperimentObserver = (event: ExperimentEvent) => void;
