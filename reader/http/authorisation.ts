/** Lets a request through whose credential allows it. A route says what it takes; one that says nothing lets nobody in. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SkillForgeError } from '../../schemas/index.js';
import type { Authenticator, Principal } from '../../http/access/principal.js';
import { credentialIn } from '../../http/credentials.js';
import { sendProblem } from './problems.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Learners whom a checked request is about: a caller who is bound to one learner may name no other. Without it such a caller is not let in. */
    learnersOf?: (request: FastifyRequest) => readonly string[];
    /** Browsers ask a person for a key. */
    isForPeople?: boolean;
  }
}

const REALM = 'realm="skillforge reader"';

/**
 * Refuses requests without a credential that holds (401), without the scope (403), and about other learners than the caller's own (403). To be called after
 * paths that there are not are refused, and before routes are declared.
 */
export function authorise(app: FastifyInstance, authenticator: Authenticator): void {
  app.addHook('onRequest', async (request, reply) => {
    const { access } = request.routeOptions.config;
    if (access === 'open') return;
    const principal = await authenticated(authenticator, request);
    if (principal === null) return refuseUnknown(request, reply);
    request.principal = principal;
    if (access !== undefined && principal.scopes.has(access)) return;
    return sendProblem(request, reply, 403, 'SFS_FORBIDDEN', `this needs the scope ${access ?? 'of nobody'}`);
  });
  app.addHook('preHandler', async (request, reply) => {
    const learner = request.principal?.learner ?? null;
    if (learner === null) return;
    const { learnersOf } = request.routeOptions.config;
    if (learnersOf?.(request).every((one) => one === learner) === true) return;
    return sendProblem(request, reply, 403, 'SFS_FORBIDDEN', 'the credential is of one learner, and the request is not about that learner alone');
  });
}

/** Whether a request that was let in would be let in now. */
export async function isStillAllowed(authenticator: Authenticator, request: FastifyRequest): Promise<boolean> {
  // Nobody needs to be asked for that, and an issuer that is away could not be.
  if (Date.now() >= (request.principal?.expiresAtMs ?? Infinity)) return false;
  try {
    const principal = await authenticated(authenticator, request);
    const { access } = request.routeOptions.config;
    return (
      principal !== null &&
      principal.learner === request.principal?.learner &&
      access !== undefined &&
      access !== 'open' &&
      principal.scopes.has(access)
    );
  } catch (error) {
    // An issuer that is away has not withdrawn anything.
    return error instanceof SkillForgeError && error.retriable;
  }
}

async function authenticated(authenticator: Authenticator, { headers }: FastifyRequest): Promise<Principal | null> {
  const credential = credentialIn(headers.authorization);
  return credential === null ? null : authenticator.authenticate(credential);
}

function refuseUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isShown = request.headers.authorization !== undefined;
  const bearer = `Bearer ${REALM}${isShown ? ', error="invalid_token"' : ''}`;
  reply.header('www-authenticate', request.routeOptions.config.isForPeople === true ? [`Basic ${REALM}, charset="UTF-8"`, bearer] : bearer);
  const detail = isShown
    ? 'the credential does not hold: it is unknown, expired or revoked'
    : 'a credential is needed: the header "authorization" with an API key or a token';
  return sendProblem(request, reply, 401, 'SFS_UNAUTHENTICATED', detail);
}
