/** Tags of answers (RFC 9110, 8.8.3 and 13.1.2): what a client has already is not sent again. */
import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A client may keep the answer for itself, and asks each time whether it still holds: so nothing outlives an erasure. */
export const REVALIDATED = { 'cache-control': 'private, no-cache' };
/** Nobody keeps the answer. */
export const NOT_KEPT = { 'cache-control': 'no-store' };

/** A strong tag of an answer: equal bytes have equal tags. */
export const tagOf = (body: string | Buffer): string => `"${hash('sha1', body, 'base64url')}"`;

/** Whether a header `if-none-match` names a tag; compares weakly, as the standard asks for. */
export function isNamed(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const tags: readonly string[] = header.match(/"[^"]*"/g) ?? [];
  return tags.includes(tag);
}

/**
 * A hook `onSend`: tags what is sent by its bytes, where it has no tag yet, and sends 304 without them where the client has them. It leaves alone what is no success,
 * and what nobody may keep.
 */
export function answerUnchanged(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload?: unknown) => void,
): void {
  const isTaggable = reply.statusCode === 200 && (typeof payload === 'string' || Buffer.isBuffer(payload));
  if (!isTaggable || reply.getHeader('cache-control') === NOT_KEPT['cache-control']) return done(null, payload);
  const known = reply.getHeader('etag');
  const tag = typeof known === 'string' ? known : tagOf(payload);
  if (known === undefined) reply.header('etag', tag);
  if (!reply.hasHeader('cache-control')) reply.headers(REVALIDATED);
  if (!isNamed(request.headers['if-none-match'], tag)) return done(null, payload);
  reply.code(304).removeHeader('content-length').removeHeader('content-type');
  done(null, '');
}
