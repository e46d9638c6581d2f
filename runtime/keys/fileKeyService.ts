/** A key-encryption key in a file of its own: for one machine, and for trying out. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { NONCE_BYTES, SkillForgeError, TAG_BYTES, errorMessageOf, type KeyService } from '../../schemas/index.js';
import { writeSecret } from './durableFile.js';
import { locked } from './ringLock.js';
import { SECRET_BYTES } from './dataKeys.js';

const FORMAT = 'skillforge-kek/1';
const CIPHER = 'aes-256-gcm';
const WRAPPED = /^v([1-9]\d*):(.+)$/;
/** Whoever else may read the file may read all that was ever sealed. */
const OTHERS = 0o077;

interface KeyFile {
  readonly format: typeof FORMAT;
  readonly current: number;
  /** base64 by version. */
  readonly keys: Readonly<Record<string, string>>;
}

/** Makes the file with a first key. @throws SFS_FILE_UNWRITABLE */
export function makeKeyFile(path: string): void {
  writeKeys(path, { format: FORMAT, current: 1, keys: { 1: randomBytes(SECRET_BYTES).toString('base64') } });
}

/** Wraps with keys of a file, which is read each time: somebody may have rotated it. */
export class FileKeyService implements KeyService {
  readonly name: string;

  constructor(private readonly path: string) {
    this.name = resolve(path);
  }

  /** `async` so that every failure is a rejection. */
  async wrap(plain: Buffer): Promise<string> {
    const { current, keys } = await Promise.resolve(this.read());
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, secretOf(keys, current), nonce, { authTagLength: TAG_BYTES });
    const bytes = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return `v${current}:${bytes.toString('base64')}`;
  }

  async unwrap(wrapped: string): Promise<Buffer> {
    return Promise.resolve(this.unwrapNow(wrapped));
  }

  unwrapNow(wrapped: string): Buffer {
    const { keys } = this.read();
    const [, version = '', text = ''] = WRAPPED.exec(wrapped) ?? [];
    const bytes = Buffer.from(text, 'base64');
    try {
      const end = bytes.length - TAG_BYTES;
      const decipher = createDecipheriv(CIPHER, secretOf(keys, Number(version)), bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(bytes.subarray(end));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]);
    } catch (cause) {
      throw new SkillForgeError('SFS_KEY_SERVICE_REFUSED', `${this.path} does not open a key that was wrapped with version "${version}" of it`, {
        cause,
        context: { path: this.path, version },
      });
    }
  }

  rotate(): Promise<void> {
    return Promise.resolve().then(() =>
      locked(`${this.path}.lock`, () => {
        const { current, keys } = this.read();
        const next = current + 1;
        writeKeys(this.path, { format: FORMAT, current: next, keys: { ...keys, [next]: randomBytes(SECRET_BYTES).toString('base64') } });
      }),
    );
  }

  /** @throws SFS_KEY_FILE where it is no such file, or others may read it */
  private read(): KeyFile {
    const { path } = this;
    if (!existsSync(path)) throw keyFileError(path, 'is not there');
    const { mode } = statSync(path);
    if ((mode & OTHERS) !== 0) throw keyFileError(path, `may be read by others (mode ${(mode & 0o777).toString(8)}): give it mode 600`);
    try {
      const parsed = JSON.parse(readFileSync(path, 'utf8')) as Partial<KeyFile>;
      if (parsed.format !== FORMAT || parsed.keys === undefined || parsed.current === undefined) throw new Error(`its format is not ${FORMAT}`);
      secretOf(parsed.keys, parsed.current);
      return parsed as KeyFile;
    } catch (cause) {
      throw keyFileError(path, `cannot be used: ${errorMessageOf(cause)}`, cause);
    }
  }
}

function secretOf(keys: KeyFile['keys'], version: number): Buffer {
  const secret = Buffer.from(keys[version] ?? '', 'base64');
  if (secret.length !== SECRET_BYTES) throw new Error(`it has no key of version ${version}`);
  return secret;
}

const writeKeys = (path: string, keys: KeyFile): void => writeSecret(path, `${JSON.stringify(keys, null, 2)}\n`);

function keyFileError(path: string, what: string, cause?: unknown): SkillForgeError {
  return new SkillForgeError('SFS_KEY_FILE', `the file of the key-encryption key ${path} ${what}`, { cause, context: { path } });
}
