/** A key-encryption key that never leaves its server: the transit engine of Vault and OpenBao, or what speaks as it does. */
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SkillForgeError, errorMessageOf, type KeyService } from '../../schemas/index.js';

/** How the server is asked. */
export interface TransitOptions {
  /** `https://vault:8200/v1/transit/keys/skillforge`: server, mount and name of the key. */
  readonly url: string;
  /** Sent as `X-Vault-Token`: a token, or the file that has it, which is read for each request. */
  readonly token: { readonly text: string } | { readonly file: string };
  /** ms for an answer (5000). */
  readonly timeoutMs?: number;
  /** ms for a standby to hear of a version that was just made (2000). */
  readonly settleMs?: number;
}

type Data = Readonly<Record<string, unknown>>;

/** What a server that serves says: what was asked for, or why not. */
type Answer = { readonly data: Data } | { readonly status: number; readonly said: string };

const PATH = /^(.*\/v1\/.+)\/keys\/([^/]+)$/;
const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_SETTLE_MS = 2_000;
const LOOK_MS = 50;
/** What fits into a header: an error of the header itself would show the token. */
const TOKEN = /^[\x21-\x7e]+$/;
/** What a standby says to a version that it has not heard of. */
const TOO_NEW = /version is too new/;
/** The token opens everything. */
const OTHERS = 0o077;

/**
 * Wraps through the HTTP API of a transit engine. Its standbys serve too, and hear of a new version some milliseconds after the leader: what one of them says of
 * versions is asked again, for a while.
 */
export class TransitKeyService implements KeyService {
  readonly name: string;
  private readonly mount: string;
  private readonly key: string;
  /** The least version to wrap with: the one that this process made last. */
  private newest = 0;

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
    for (const untilMs = this.settledAtMs(); ; await sleep(LOOK_MS)) {
      const data = await this.asked(`encrypt/${this.key}`, { plaintext: plain.toString('base64') });
      const version = data['key_version'];
      // Under an older version it would be lost when that is forbidden.
      if (typeof version !== 'number' || version >= this.newest) return this.text(data, 'ciphertext');
      if (performance.now() > untilMs) throw this.unavailable(`it encrypts with version ${version}, although there is version ${this.newest}`);
    }
  }

  async unwrap(wrapped: string): Promise<Buffer> {
    for (const untilMs = this.settledAtMs(); ; await sleep(LOOK_MS)) {
      const answer = await this.post(`decrypt/${this.key}`, { ciphertext: wrapped });
      if ('data' in answer) return Buffer.from(this.text(answer.data, 'plaintext'), 'base64');
      if (!TOO_NEW.test(answer.said) || performance.now() > untilMs) throw this.refused(answer);
    }
  }

  async rotate(): Promise<void> {
    const version = (await this.asked(`keys/${this.key}/rotate`, {}))['latest_version'];
    if (typeof version === 'number') this.newest = version;
  }

  private settledAtMs(): number {
    return performance.now() + (this.options.settleMs ?? DEFAULT_SETTLE_MS);
  }

  private text(data: Data, field: string): string {
    const found = data[field];
    if (typeof found === 'string') return found;
    throw new SkillForgeError('SFS_KEY_SERVICE_REFUSED', `${this.name} answers without "${field}"`, { context: { url: this.name } });
  }

  private async asked(path: string, body: object): Promise<Data> {
    const answer = await this.post(path, body);
    if ('data' in answer) return answer.data;
    throw this.refused(answer);
  }

  private async post(path: string, body: object): Promise<Answer> {
    const token = this.token();
    const headers = { 'content-type': 'application/json', ...(token === '' ? {} : { 'x-vault-token': token }) };
    const signal = AbortSignal.timeout(this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    let status: number;
    let text: string;
    try {
      const answer = await fetch(`${this.mount}/${path}`, { method: 'POST', headers, body: JSON.stringify(body), signal, redirect: 'error' });
      status = answer.status;
      text = await answer.text();
    } catch (cause) {
      throw this.unavailable(reasonOf(cause), cause);
    }
    // A sealed server says 503, one that has just been unsealed or has lost its leader 500, one with a quota 429: all of them may serve later.
    if (status >= 429) throw this.unavailable(`it answers ${status}${after(parsedErrors(text))}`);
    return status >= 300 ? { status, said: parsedErrors(text) } : { data: parsedData(text) ?? {} };
  }

  /** Empty where there is none: a proxy on this machine may have one of its own. */
  private token(): string {
    const { token } = this.options;
    if ('file' in token) return tokenIn(token.file);
    if (token.text === '' || TOKEN.test(token.text)) return token.text;
    throw new SkillForgeError('SFS_KEY_SERVICE_REFUSED', `what is given as the token for the key service ${this.name} is no token`, {
      context: { url: this.name },
    });
  }

  private unavailable(what: string, cause?: unknown): SkillForgeError {
    return new SkillForgeError('SFS_KEYS_UNAVAILABLE', `the key service ${this.name} does not serve: ${what}`, {
      cause,
      retriable: true,
      context: { url: this.name },
    });
  }

  private refused({ status, said }: { readonly status: number; readonly said: string }): SkillForgeError {
    const { token } = this.options;
    const hint = 'text' in token && token.text === '' ? ' (without a token: SKILLFORGE_KEYS_TOKEN has none)' : '';
    return new SkillForgeError('SFS_KEY_SERVICE_REFUSED', `the key service ${this.name} answers ${status}${after(said)}${hint}`, {
      context: { url: this.name, status },
    });
  }
}

const after = (said: string): string => (said === '' ? '' : `: ${said}`);

/** `fetch` itself says only that it failed: why stands behind that. */
function reasonOf(error: unknown): string {
  const behind = error instanceof Error ? error.cause : undefined;
  return errorMessageOf(behind instanceof Error && behind.message !== '' ? behind : error);
}

function tokenIn(path: string): string {
  try {
    const { mode } = statSync(path);
    if ((mode & OTHERS) !== 0) throw new Error(`may be read by others (mode ${(mode & 0o777).toString(8)}): give it mode 600`);
    const text = readFileSync(path, 'utf8').trim();
    if (!TOKEN.test(text)) throw new Error(text === '' ? 'is empty' : 'holds something else than one token');
    return text;
  } catch (cause) {
    throw new SkillForgeError('SFS_KEY_FILE', `the file of the token ${path}: ${errorMessageOf(cause)}`, { cause, context: { path } });
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

function parsedData(text: string): Data | null {
  try {
    const { data } = JSON.parse(text) as { readonly data?: Data };
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
