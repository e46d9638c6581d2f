/** A key-encryption key that never leaves its server: the transit engine of Vault and OpenBao, or what speaks as it does. */
import { readFileSync, statSync } from 'node:fs';
import { SkillForgeError, errorMessageOf, type KeyService } from '../../schemas/index.js';

/** How the server is asked. */
export interface TransitOptions {
  /** `https://vault:8200/v1/transit/keys/skillforge`: server, mount and name of the key. */
  readonly url: string;
  /** Sent as `X-Vault-Token`: a token, or the file that has it, which is read for each request. */
  readonly token: { readonly text: string } | { readonly file: string };
  /** ms for an answer (5000). */
  readonly timeoutMs?: number;
}

const PATH = /^(.*\/v1\/.+)\/keys\/([^/]+)$/;
const DEFAULT_TIMEOUT_MS = 5_000;
/** The token opens everything. */
const OTHERS = 0o077;

/** Wraps through the HTTP API of a transit engine. */
export class TransitKeyService implements KeyService {
  readonly name: string;
  private readonly mount: string;
  private readonly key: string;

  /** @throws SFS_KEY_SERVICE_URL */
  constructor(private readonly options: TransitOptions) {
    const url = parsedUrl(options.url);
    const [, mount, key] = PATH.exec(`${url.origin}${url.pathname}`) ?? [];
    if (mount === undefined || key === undefined) throw urlError(options.url);
    this.mount = mount;
    this.key = key;
    this.name = `${mount}/keys/${key}`;
  }

  async wrap(plain: Buffer): Promise<string> {
    return this.text(await this.post(`encrypt/${this.key}`, { plaintext: plain.toString('base64') }), 'ciphertext');
  }

  async unwrap(wrapped: string): Promise<Buffer> {
    return Buffer.from(this.text(await this.post(`decrypt/${this.key}`, { ciphertext: wrapped }), 'plaintext'), 'base64');
  }

  async rotate(): Promise<void> {
    await this.post(`keys/${this.key}/rotate`, {});
  }

  private text(data: Readonly<Record<string, unknown>>, field: string): string {
    const found = data[field];
    if (typeof found === 'string') return found;
    throw new SkillForgeError('SFS_KEY_SERVICE_REFUSED', `${this.name} answers without "${field}"`, { context: { url: this.name } });
  }

  private async post(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
    const headers = { 'content-type': 'application/json', 'x-vault-token': this.token() };
    const signal = AbortSignal.timeout(this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    let status: number;
    let text: string;
    try {
      const answer = await fetch(`${this.mount}/${path}`, { method: 'POST', headers, body: JSON.stringify(body), signal, redirect: 'error' });
      status = answer.status;
      text = await answer.text();
    } catch (cause) {
      throw this.unavailable(errorMessageOf(cause), cause);
    }
    // A sealed server says 503, one in standby 429 or 473: all of them may serve later.
    if (status >= 429) throw this.unavailable(`it answers ${status}`);
    if (status >= 300) throw this.refused(status, text);
    return parsedData(text) ?? {};
  }

  private token(): string {
    const { token } = this.options;
    if ('text' in token) return token.text;
    try {
      const { mode } = statSync(token.file);
      if ((mode & OTHERS) !== 0) throw new Error(`may be read by others (mode ${(mode & 0o777).toString(8)}): give it mode 600`);
      return readFileSync(token.file, 'utf8').trim();
    } catch (cause) {
      throw new SkillForgeError('SFS_KEY_FILE', `the file of the token ${token.file}: ${errorMessageOf(cause)}`, {
        cause,
        context: { path: token.file },
      });
    }
  }

  private unavailable(what: string, cause?: unknown): SkillForgeError {
    return new SkillForgeError('SFS_KEYS_UNAVAILABLE', `the key service ${this.name} does not serve: ${what}`, {
      cause,
      retriable: true,
      context: { url: this.name },
    });
  }

  private refused(status: number, text: string): SkillForgeError {
    const said = parsedErrors(text);
    return new SkillForgeError('SFS_KEY_SERVICE_REFUSED', `the key service ${this.name} answers ${status}${said === '' ? '' : `: ${said}`}`, {
      context: { url: this.name, status },
    });
  }
}

function parsedUrl(text: string): URL {
  try {
    const url = new URL(text);
    const isLocal = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
    if (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)) return url;
  } catch {
    // Falls through to the error below.
  }
  throw urlError(text);
}

const urlError = (url: string): SkillForgeError =>
  new SkillForgeError(
    'SFS_KEY_SERVICE_URL',
    `${url} names no key of a transit engine: give https://host:8200/v1/transit/keys/NAME (http: on this machine only)`,
    { context: { url } },
  );

function parsedData(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const { data } = JSON.parse(text) as { readonly data?: Readonly<Record<string, unknown>> };
    return data ?? null;
  } catch {
    return null;
  }
}

function parsedErrors(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { readonly errors?: readonly unknown[] };
    return (errors ?? []).map(String).join(', ').slice(0, 200);
  } catch {
    return '';
  }
}
