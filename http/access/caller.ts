/** Who asks, as a request carries it. */
import type { FastifyInstance } from 'fastify';
import type { Principal, Scope } from './principal.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Scope that a caller needs; `open` for everybody. */
    access?: Scope | 'open';
  }
  interface FastifyRequest {
    /** Who asks; `null` where nobody is asked for a credential. */
    principal: Principal | null;
  }
}

/** Declares who a request is of. To be called before routes are declared. */
export function declarePrincipal(app: FastifyInstance): void {
  app.decorateRequest('principal', null);
}
