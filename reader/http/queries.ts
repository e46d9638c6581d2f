/** What the parsers of addresses and queries would let pass: they guess at what is meant, and a client that is wrong should hear of it. */
import type { FastifyRequest } from 'fastify';

const WHOLE_NUMBER = /^-?(0|[1-9]\d*)$/;

/** The path of a request line, which may also be a whole address (RFC 9112, 3.2.2); `null` for `*`, which names no path. */
export function pathOf(url: string): string | null {
  const path = url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0]!;
  return path === '*' ? null : path;
}

/** What is wrong with how a query is written; `null` for nothing. A parser takes half an encoding for the characters that it has. */
export function encodingTrouble(url: string): string | null {
  const at = url.indexOf('?');
  if (at < 0 || !url.includes('%', at)) return null;
  try {
    decodeURIComponent(url.slice(at + 1));
    return null;
  } catch {
    return 'the query is not encoded as a URL: write % as %25';
  }
}

/** What is wrong with the parameters of a query that its schema, which sees them converted, cannot tell; `null` for nothing. */
export function queryTrouble({ query, routeOptions }: FastifyRequest): string | null {
  const { properties = {} } = (routeOptions.schema?.querystring ?? {}) as {
    readonly properties?: Readonly<Record<string, { readonly type: string }>>;
  };
  // Of those that are given: most requests have none, and this is asked of each.
  for (const [name, value] of Object.entries(query as Readonly<Record<string, unknown>>)) {
    const type = properties[name]?.type;
    if (type === undefined) continue;
    if (Array.isArray(value)) return `the query parameter "${name}" is given more than once`;
    // 1e1, 0x5 and 5.0 would pass as numbers.
    if (type === 'integer' && typeof value === 'string' && !WHOLE_NUMBER.test(value)) return `the query parameter "${name}" must be integer`;
  }
  return null;
}
