/** What an administrator of an OpenBao does, over its API. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TransitKeyService, type TransitOptions } from '../../../runtime/keys/transitKeyService.js';
import type { OpenBao } from '../../../scripts/services/index.js';
import { allBlocks } from '../../docs/documents.js';
import { newFolder } from '../../fixtures/folders.js';

const HOW_TO = 'docs/how-to/encrypt-personal-values.md';
/** The key of the how-to. */
export const KEY = 'skillforge';

/** What the how-to shows in blocks of a kind. */
export const shownAs = (kind: string): string[] => allBlocks(HOW_TO).flatMap(({ info, text }) => (info === kind ? [text] : []));

/** The policies of the how-to: of who uses the key, and of who rotates it, too. */
export function shownPolicies(): readonly [use: string, rotate: string] {
  const [use, rotate] = shownAs('hcl');
  return [use!, `${use!}\n${rotate!}`];
}

/** How a token is made; in brackets the defaults. */
export interface TokenOptions {
  /** What it may do ('use'). */
  readonly may?: 'use' | 'rotate' | 'decrypt' | 'create' | 'nothing';
  /** ('1h') */
  readonly ttl?: string;
}

interface KeyInfo {
  readonly latest_version: number;
  readonly min_decryption_version: number;
}

/** One key of a transit engine, with policies and tokens for it. */
export class BaoKey {
  private constructor(
    private readonly bao: OpenBao,
    readonly name: string,
    /** Which server is asked. */
    private readonly at: string,
  ) {}

  /** Makes the key. */
  static async make(bao: OpenBao, name: string): Promise<BaoKey> {
    const key = new BaoKey(bao, name, bao.url);
    const mounts = await key.asked<object>('GET', 'sys/mounts');
    if (!('transit/' in mounts)) await key.asked('POST', 'sys/mounts/transit', { type: 'transit' });
    await key.asked('POST', `transit/keys/${name}`, {});
    const [use, rotate] = shownPolicies();
    await key.policy('use', use);
    await key.policy('rotate', rotate);
    await key.policy('decrypt', `path "transit/decrypt/${KEY}" { capabilities = ["update"] }`);
    await key.policy('create', `path "transit/encrypt/*" { capabilities = ["create", "update"] }`);
    await key.policy('nothing', `path "transit/keys/${KEY}" { capabilities = ["deny"] }`);
    return key;
  }

  /** The same key through another server. */
  through(url: string): BaoKey {
    return new BaoKey(this.bao, this.name, url);
  }

  get url(): string {
    return `${this.at}/v1/transit/keys/${this.name}`;
  }

  /** A service with a token of its own. */
  async service(token: TokenOptions = {}, options: Partial<TransitOptions> = {}): Promise<TransitKeyService> {
    return new TransitKeyService({ url: this.url, token: { text: await this.token(token) }, ...options });
  }

  async token({ may = 'use', ttl = '1h' }: TokenOptions = {}): Promise<string> {
    const body = { policies: [`${this.name}-${may}`], no_default_policy: true, ttl };
    const { client_token: token } = await this.asked<{ client_token: string }>('POST', 'auth/token/create', body);
    return token;
  }

  /** A file with a token that nobody else may read. */
  async tokenFile(options: TokenOptions = {}): Promise<string> {
    const file = join(newFolder(), 'token');
    writeFileSync(file, `${await this.token(options)}\n`, { mode: 0o600 });
    return file;
  }

  async revoke(token: string): Promise<void> {
    await this.asked('POST', 'auth/token/revoke', { token });
  }

  /** Makes a new version of it, as an administrator or a schedule does. */
  async rotate(): Promise<void> {
    await this.asked('POST', `transit/keys/${this.name}/rotate`, {});
  }

  /** Forbids what older versions wrapped. */
  async forbidBefore(version: number): Promise<void> {
    await this.asked('POST', `transit/keys/${this.name}/config`, { min_decryption_version: version });
  }

  info(): Promise<KeyInfo> {
    return this.asked('GET', `transit/keys/${this.name}`);
  }

  /** Names of all keys. */
  async names(): Promise<readonly string[]> {
    return (await this.asked<{ keys: string[] }>('GET', 'transit/keys?list=true')).keys;
  }

  /** As root. */
  async asked<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { 'x-vault-token': this.bao.rootToken };
    const response = await fetch(`${this.at}/v1/${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answers ${response.status}: ${text}`);
    const { data, auth } = JSON.parse(text || '{}') as { data?: unknown; auth?: unknown };
    return (auth ?? data) as T;
  }

  private async policy(may: string, text: string): Promise<void> {
    const own = text.replaceAll(`/${KEY}`, `/${this.name}`);
    await this.asked('PUT', `sys/policies/acl/${this.name}-${may}`, { policy: own });
  }
}
