/**
 * The one error root of the project. Every failure that reaches a user carries a stable code that
 * `docs/reference/errors.md` explains; a test fails when a code is missing there.
 */
export type ErrorCode = `SFS_${string}`;

/** What an error tells besides its code and message. */
export interface ErrorDetails {
  /** True when the same call may succeed later without a change by the user. */
  readonly retriable?: boolean;
  readonly cause?: unknown;
  /** What the message speaks of, for programs: a path, a topic, an offset. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/** The root of all errors that reach a user. */
export class SkillForgeError extends Error {
  readonly code: ErrorCode;
  readonly retriable: boolean;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SkillForgeError';
    this.code = code;
    this.retriable = details.retriable ?? false;
    this.context = details.context ?? {};
  }
}

/** The code of any thrown value; foreign errors are `fallback`. Compares by shape: a second copy of this module is a friend. Never throws. */
export function errorCodeOf(error: unknown, fallback: ErrorCode = 'SFS_PROCESSING_FAILED'): ErrorCode {
  try {
    const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
    return typeof code === 'string' && code.startsWith('SFS_') ? (code as ErrorCode) : fallback;
  } catch {
    return fallback;
  }
}

/** A longer message says no more, and is kept with every record that fails. */
const LONGEST_MESSAGE = 4_000;

/** The message of whatever was thrown, at most 4,000 characters of it. Never throws: what a topology throws may be no error at all. */
export function errorMessageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error).slice(0, LONGEST_MESSAGE);
  } catch {
    return 'something was thrown that has no text';
  }
}
