/** Who may send events, and ask for rights of learners. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator, Principal, Scope } from '../../http/access/principal.js';
import { credentialIn } from '../../http/credentials.js';
import { SkillForgeError } from '../../schemas/index.js';
import { refusal } from '../refusal.js';

/** What is asked for where routes say nothing else of a request: whatever brings something. */
const neededFor = ({ method, routeOptions: { config } }: FastifyRequest): Scope | 'open' =>
  config?.access ?? (method === 'POST' || method === 'PUT' ? 'events:write' : 'open');

/**
 * Lets requests through where their credential has the scope that they need, `events:write` for events, and is of no single learner, before their body is read:
 * a key or a token of one learner is in that learner's hands, and the gateway would take what it says of anybody. All else is open.
 */
export function guardSenders(app: FastifyInstance, authenticator: Authenticator): void {
  app.addHook('onRequest', async (request, reply) => {
    const needed = neededFor(request);
    if (needed === 'open') return;
    const credential = credentialIn(request.headers.authorization);
    const principal = credential === null ? null : await authenticated(authenticator, credential, reply);
    request.principal = principal;
    if (principal !== null && principal.scopes.has(needed) && principal.learner === null) return;
    endConnection(reply);
    if (principal !== null)
      throw refusal(403, 'SFS_FORBIDDEN', `the credential does not allow ${needed === 'events:write' ? 'to send events' : needed}`);
    reply.header('www-authenticate', 'Bearer, Basic');
    throw refusal(401, 'SFS_UNAUTHENTICATED', 'a credential is needed that holds');
  });
}

/** Where nobody is asked who they are, nobody may ask for what cannot be undone. */
export function refuseUnguarded(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config?.access !== 'rights:write') return done();
    endConnection(reply);
    done(refusal(403, 'SFS_FORBIDDEN', 'this gateway asks nobody who they are, so it takes no requests for rights: give it --keys or --issuer'));
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
