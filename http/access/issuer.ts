/**
 * Tokens of an OpenID Connect issuer (RFC 7519, checked as RFC 9068 asks): found by discovery, verified by the issuer's published keys.
 * @see OpenID Connect Discovery 1.0, section 4
 */
import { createHash } from 'node:crypto';
import type * as jose from 'jose';
import type { JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import { isLoopback } from './loopback.js';
import { isScope, type Authenticator, type Principal, type Scope } from './principal.js';

/** Whose tokens are taken; in brackets the defaults. */
export interface IssuerOptions {
  /** URL of the issuer, as it stands in `iss`; https, but for one on this machine. */
  readonly url: string;
  /** What a token must name in `aud`: this reader. */
  readonly audience: string;
  /** Claim that names the only learner whom a token may read ('learner'). With `sub` every token is of one learner. */
  readonly learnerClaim?: string;
}

/** Keys of both sides alone: a secret that is shared would let the reader make tokens. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
/** Clocks of two machines may differ by this, seconds. */
const CLOCK_TOLERANCE_S = 30;
const TIMEOUT_MS = 5_000;
/** An issuer may move its keys to another address, ms. */
const DISCOVERY_MS = 3_600_000;
/** After a failure it is not asked again for so long, ms: a flood of tokens would be one of requests. */
const PAUSE_MS = 1_000;

type Jose = typeof jose;

interface Discovered {
  readonly jose: Jose;
  readonly keys: JWTVerifyGetKey;
  readonly atMs: number;
}

/** Lets in who shows a token of the issuer. Nothing is asked of the issuer before the first token. */
export class Issuer implements Authenticator {
  private readonly checks: JWTVerifyOptions;
  private readonly learnerClaim: string;
  private known: Discovered | null = null;
  private asking: Promise<Discovered> | null = null;
  private failedAtMs = -Infinity;

  /** @throws SFS_ACCESS_INVALID for an address that is none, or is neither https nor of this machine */
  constructor(private readonly options: IssuerOptions) {
    assertIssuer(options.url);
    if (options.audience === '')
      throw new SkillForgeError('SFS_ACCESS_INVALID', 'tokens of an issuer need an audience: the name of this reader there');
    this.learnerClaim = options.learnerClaim ?? 'learner';
    this.checks = {
      issuer: options.url,
      audience: options.audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ['exp', 'sub'],
    };
  }

  async authenticate(credential: string): Promise<Principal | null> {
    if (credential.split('.').length !== 3) return null;
    const { jose, keys } = await this.discovered();
    try {
      const { payload } = await jose.jwtVerify(credential, keys, this.checks);
      return this.principalOf(payload);
    } catch (error) {
      if (isOfToken(jose, error)) return null;
      throw unavailable(this.options.url, error);
    }
  }

  /** A learner's claim of another kind than text would open every learner to the token: it does not hold. */
  private principalOf(payload: JWTPayload): Principal | null {
    const learner = payload[this.learnerClaim] ?? null;
    if (learner !== null && (typeof learner !== 'string' || learner === '')) return null;
    const account = createHash('sha256')
      .update(JSON.stringify([payload['client_id'] ?? payload['azp'] ?? null, payload.sub]))
      .digest('base64url');
    const expires = payload.exp === undefined ? {} : { expiresAtMs: (payload.exp + CLOCK_TOLERANCE_S) * 1000 };
    return { name: 'token', account: `token:${account}`, scopes: scopesOf(payload), learner, perMinute: null, ...expires };
  }

  /** While the issuer does not answer, what it said last holds. */
  private async discovered(): Promise<Discovered> {
    const nowMs = performance.now();
    if (this.known !== null && nowMs - this.known.atMs < DISCOVERY_MS) return this.known;
    try {
      if (this.asking === null && nowMs - this.failedAtMs < PAUSE_MS) throw new Error('it did not answer a moment ago');
      this.asking ??= this.discover().finally(() => (this.asking = null));
      this.known = await this.asking;
      return this.known;
    } catch (cause) {
      if (this.asking === null && nowMs - this.failedAtMs >= PAUSE_MS) this.failedAtMs = performance.now();
      if (this.known !== null) return this.known;
      throw unavailable(this.options.url, cause);
    }
  }

  private async discover(): Promise<Discovered> {
    const { url } = this.options;
    const jose = await import('jose');
    const response = await fetch(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
    if (!response.ok) throw new Error(`its discovery document is answered with ${response.status}`);
    const { issuer, jwks_uri: keys } = (await response.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
    if (issuer !== url) throw new Error('its discovery document is of another issuer');
    if (typeof keys !== 'string') throw new Error('its discovery document names no keys');
    assertIssuer(keys);
    return { jose, keys: jose.createRemoteJWKSet(new URL(keys), { timeoutDuration: TIMEOUT_MS }), atMs: performance.now() };
  }
}

/** Whether the token is to blame, and not the issuer. */
function isOfToken({ errors }: Jose, error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
  return error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC';
}

/** Scopes of a token: a text with blanks between (RFC 8693, 4.2), or a list, as some issuers give it. */
function scopesOf({ scope, scp }: JWTPayload): ReadonlySet<Scope> {
  const given = scope ?? scp;
  const names: unknown[] = Array.isArray(given) ? given : typeof given === 'string' ? given.split(' ') : [];
  return new Set(names.filter((name): name is Scope => typeof name === 'string' && isScope(name)));
}

function assertIssuer(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return;
  throw new SkillForgeError('SFS_ACCESS_INVALID', `an issuer of tokens is reached by https: ${text}`, { context: { url: text } });
}

function unavailable(url: string, cause: unknown): SkillForgeError {
  return new SkillForgeError('SFS_ISSUER_UNAVAILABLE', `the issuer of tokens ${url} cannot be asked: ${errorMessageOf(cause)}`, {
    retriable: true,
    cause,
    context: { url },
  });
}
