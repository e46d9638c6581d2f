/** Who may send events: decided outside of the gateway, asked for here. */
import type { FastifyInstance } from 'fastify';
import { credentialIn } from '../../http/credentials.js';
import { refusal } from '../refusal.js';

/** What is known of a credential. */
export type Admittance = 'admitted' | 'forbidden' | 'unknown';

/** Looks at a credential: the token of `Bearer`, or the password of `Basic`, by which xAPI clients show theirs. */
export type Doorkeeper = (credential: string) => Promise<Admittance>;

/** Asks the doorkeeper about each request that brings events, before its body is read. Probes and the description are open. */
export function guardSenders(app: FastifyInstance, doorkeeper: Doorkeeper): void {
  app.addHook('onRequest', async ({ method, headers }, reply) => {
    if (method !== 'POST' && method !== 'PUT') return;
    const credential = credentialIn(headers.authorization);
    const admittance = credential === null ? 'unknown' : await doorkeeper(credential);
    if (admittance === 'admitted') return;
    // What is not read of the body ends the connection.
    reply.header('connection', 'close');
    if (admittance === 'forbidden') throw refusal(403, 'SFS_FORBIDDEN', 'the credential does not allow to send events');
    reply.header('www-authenticate', 'Bearer, Basic');
    throw refusal(401, 'SFS_UNAUTHENTICATED', 'a credential is needed that holds');
  });
}
