/** What the OpenAPI description says besides the routes. */
import { packageVersion } from '../../schemas/index.js';

/** The head of the OpenAPI description, with the version of this package. */
export function apiDescription(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'SkillForge Streams: reader',
      version: packageVersion(),
      description: 'Serves precomputed recommendations. Errors are problem documents (RFC 9457) with a stable code.',
    },
    tags: [
      { name: 'recommendations', description: 'What to recommend' },
      { name: 'events', description: 'What was shown, and what came of it' },
      { name: 'console', description: 'What the page shows; a source that has nothing of a part has no route for it' },
      { name: 'operation', description: 'Health and readiness' },
    ],
    components: {
      securitySchemes: {
        credential: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, or a token of the issuer that the reader trusts. A reader on the loopback may ask for none.',
        },
      },
    },
    security: [{ credential: [] }],
  };
}
