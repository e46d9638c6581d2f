/** What the threads of a run and the owner of their storage say to each other. */
import { SkillForgeError, type ErrorCode } from '../../../schemas/errors.js';

/** Offsets that a partition holds, as the owner knows them. */
export interface KnownRange {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

/** A thread has something to be committed, or has nothing to do after so many {@link Appended}. */
export type ToOwner =
  { readonly kind: 'commit'; readonly id: number; readonly packed: ArrayBuffer } | { readonly kind: 'rest'; readonly appends: number };

/** Partitions have grown, or lost their beginning. */
export interface Appended {
  readonly kind: 'appended';
  readonly ranges: readonly KnownRange[];
}

/** What the owner says. `over`: no thread has anything to do, and nothing is on its way to the log. A commit's memory comes back with the answer. */
export type ToThread =
  | Appended
  | { readonly kind: 'committed'; readonly id: number; readonly error: SentError | null; readonly packed: ArrayBuffer }
  | { readonly kind: 'over' };

/** An error as it goes from a thread to another, which would lose its class and its code. */
export interface SentError {
  /** `null` for what is no error of this project. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly retriable: boolean;
  /** As JSON. */
  readonly context: string;
  readonly stack: string | null;
  readonly cause: SentError | null;
}

/** Causes of causes that go along. */
const MOST_CAUSES = 4;

/** An error, or whatever was thrown, to be sent. */
export function sentError(error: unknown, causes = MOST_CAUSES): SentError {
  const { code, retriable, context, cause } = (typeof error === 'object' && error !== null ? error : {}) as Partial<SkillForgeError>;
  return {
    code: typeof code === 'string' && code.startsWith('SFS_') ? code : null,
    message: error instanceof Error ? error.message : String(error),
    retriable: retriable === true,
    context: JSON.stringify(context ?? {}),
    stack: error instanceof Error ? (error.stack ?? null) : null,
    cause: cause === undefined || causes === 0 ? null : sentError(cause, causes - 1),
  };
}

/** The error that was sent. */
export function receivedError({ code, message, retriable, context, stack, cause: sent }: SentError): Error {
  const cause = sent === null ? undefined : receivedError(sent);
  const known = JSON.parse(context) as Record<string, unknown>;
  const error = code === null ? new Error(message, cause && { cause }) : new SkillForgeError(code, message, { retriable, context: known, cause });
  if (stack !== null) error.stack = stack;
  return error;
}
