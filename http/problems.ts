/** Problem documents (RFC 9457): what was wrong with a request, for people and for programs. */
import { STATUS_CODES } from 'node:http';
import type { ErrorCode } from '../schemas/index.js';

/** Media type of problem documents. */
export const PROBLEM_TYPE = 'application/problem+json';

/** A problem document. It names no learner, and nothing of what a request says. */
export interface Problem {
  /** `about:blank`: the status says what kind of problem it is, the code which one. */
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  /** A sentence. */
  readonly detail: string;
  /** Stable: see docs/reference/errors.md. */
  readonly code: ErrorCode;
  /** Identity of the request, which the log has too. */
  readonly instance: string;
}

/** Makes a problem document. @param request - identity of the request */
export function problemOf(status: number, code: ErrorCode, detail: string, request: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code, instance: `urn:uuid:${request}` };
}
