/** The file of API keys, and the reader's look at it. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import { isKeyEntry, isSecretOf, keyParts, type KeyEntry } from './apiKeys.js';
import type { Authenticator, Principal } from './principal.js';

/** A key that is revoked holds no longer than this, ms. */
const LOOK_MS = 1_000;

/** The keys in a file; none where there is no file. @throws SFS_ACCESS_INVALID */
export function readKeys(path: string): readonly KeyEntry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unusable(path, errorMessageOf(cause), cause);
  }
  const { keys } = parsed(path, text);
  if (!Array.isArray(keys) || !keys.every(isKeyEntry)) throw unusable(path, 'it holds no list of keys');
  return keys;
}

/** Writes the file whole, for its owner alone to read. @throws SFS_ACCESS_INVALID */
export function writeKeys(path: string, keys: readonly KeyEntry[]): void {
  if (!keys.every(isKeyEntry)) throw unusable(path, 'a key that is to be written is none: its learner is empty, or a value is out of range');
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.partial`, `${JSON.stringify({ keys }, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.partial`, path);
  } catch (cause) {
    throw unusable(path, errorMessageOf(cause), cause);
  }
}

function parsed(path: string, text: string): { readonly keys?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as { readonly keys?: unknown };
  } catch (cause) {
    throw unusable(path, errorMessageOf(cause), cause);
  }
}

function unusable(path: string, why: string, cause?: unknown): SkillForgeError {
  return new SkillForgeError('SFS_ACCESS_INVALID', `the file of API keys ${path} cannot be used: ${why}`, { cause, context: { path } });
}

/** What a {@link KeyFile} is told besides its path. */
export interface KeyFileOptions {
  /** Hears that the file cannot be used any more: nobody gets in by a key until it can. */
  readonly onTrouble?: (error: unknown) => void;
  /** Ms since epoch. */
  readonly clock?: () => number;
}

/** Lets in who shows a key of the file. A change of the file takes effect within a second. */
export class KeyFile implements Authenticator {
  private entries: ReadonlyMap<string, KeyEntry>;
  private mark: string;
  private lookedAtMs: number;
  private readonly clock: () => number;

  /** @throws SFS_ACCESS_INVALID where the file cannot be used */
  constructor(
    private readonly path: string,
    private readonly options: KeyFileOptions = {},
  ) {
    this.clock = options.clock ?? Date.now;
    this.mark = markOf(path);
    this.entries = byId(readKeys(path));
    this.lookedAtMs = this.clock();
  }

  authenticate(credential: string): Promise<Principal | null> {
    const parts = keyParts(credential);
    if (parts === null) return Promise.resolve(null);
    this.look();
    const entry = this.entries.get(parts.id);
    const holds = entry !== undefined && isSecretOf(entry, parts.secret) && (entry.expiresAtMs === null || this.clock() < entry.expiresAtMs);
    return Promise.resolve(holds ? principalOf(entry) : null);
  }

  private look(): void {
    const nowMs = this.clock();
    if (Math.abs(nowMs - this.lookedAtMs) < LOOK_MS) return;
    this.lookedAtMs = nowMs;
    const mark = markOf(this.path);
    if (mark === this.mark) return;
    this.mark = mark;
    try {
      this.entries = byId(readKeys(this.path));
    } catch (error) {
      // A key may have been revoked by the change that cannot be read.
      this.entries = new Map();
      this.options.onTrouble?.(error);
    }
  }
}

const byId = (entries: readonly KeyEntry[]): ReadonlyMap<string, KeyEntry> => new Map(entries.map((entry) => [entry.id, entry]));

function principalOf({ id, scopes, learner, perMinute }: KeyEntry): Principal {
  return { name: `key:${id}`, account: `key:${id}`, scopes: new Set(scopes), learner, perMinute };
}

/** Changes with the file. */
function markOf(path: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(path);
    return `${ino}-${mtimeMs}-${size}`;
  } catch {
    return 'none';
  }
}
