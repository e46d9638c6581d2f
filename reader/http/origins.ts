/** Which web pages of elsewhere may read the answers (CORS, Fetch Standard 3.2). */
import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import { SkillForgeError } from '../../schemas/index.js';

/** A browser asks again after so long whether it may, seconds. */
const MAX_AGE_S = 600;

/**
 * Lets pages of these origins read answers, and no others. Cookies are of no use here, so none are allowed. To be called before all else that
 * refuses: a browser asks without a credential first.
 *
 * @param origins - such as `https://app.example.org`, without a path
 * @throws SFS_ACCESS_INVALID for what is no origin; `*` is none
 */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  for (const origin of origins) assertOrigin(origin);
  await app.register(cors, {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST'],
    allowedHeaders: ['authorization', 'content-type', 'if-none-match', 'last-event-id'],
    exposedHeaders: ['etag', 'retry-after'],
    maxAge: MAX_AGE_S,
    strictPreflight: false,
  });
}

function assertOrigin(text: string): void {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text) return;
  throw new SkillForgeError('SFS_ACCESS_INVALID', `"${text}" is no origin of web pages: it has a scheme, a host and perhaps a port, and no path`, {
    context: { origin: text },
  });
}
