/** The credential that a request shows. */

const SCHEME = /^(bearer|basic) +(\S+)$/i;

/**
 * What stands in a header `authorization`: a bearer's key or token (RFC 6750), or the password of `Basic` (RFC 7617), by which a browser can show a key;
 * `null` where there is none.
 */
export function credentialIn(header: string | undefined): string | null {
  const [, scheme, value] = SCHEME.exec(header ?? '') ?? [];
  if (scheme === undefined || value === undefined) return null;
  if (scheme.toLowerCase() === 'bearer') return value;
  const text = Buffer.from(value, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? null : text.slice(colon + 1);
}
