/** Who may send events. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Authenticator, Principal } from '../../http/access/principal.js';
import { credentialIn } from '../../http/credentials.js';
import { SkillForgeError } from '../../schemas/index.js';
import { refusal } from '../refusal.js';

/**
 * Lets requests that bring events through where their credential has the scope `events:write` and is of no single learner, before their body is read:
 * a key or a token of one learner is in that learner's hands, and the gateway would take what it says of anybody. All else is open.
 */
export function guardSenders(app: FastifyInstance, authenticator: Authenticator): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'POST' && request.method !== 'PUT') return;
    const credential = credentialIn(request.headers.authorization);
    const principal = credential === null ? null : await authenticated(authenticator, credential, reply);
    request.principal = principal;
    if (principal !== null && principal.scopes.has('events:write') && principal.learner === null) return;
    endConnection(reply);
    if (principal !== null) throw refusal(403, 'SFS_FORBIDDEN', 'the credential does not allow to send events');
    reply.header('www-authenticate', 'Bearer, Basic');
    throw refusal(401, 'SFS_UNAUTHENTICATED', 'a credential is needed that holds');
  });
}

/** @throws SFS_ISSUER_UNAVAILABLE, for the sender to try again: who is not known yet has not been refused */
async function authenticated(authenticator: Authenticator, credential: string, reply: FastifyReply): Promise<Principal | null> {
  try {
    return await authenticator.authenticate(credential);
  } catch (error) {
    if (!(error instanceof SkillForgeError && error.retriable)) throw error;
    endConnection(reply);
    throw refusal(503, error.code, 'who sends cannot be told for now: the issuer of tokens is away; send it again later');
  }
}

/** What is not read of the body ends the connection. */
const endConnection = (reply: FastifyReply): FastifyReply => reply.header('connection', 'close');
