/** The key that receipts are signed with: Ed25519, in a file of the installation. */
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SkillForgeError, errorMessageOf } from '../../../schemas/index.js';
import { onDisk } from '../../fileWriting.js';

/** A document with what shows who made it. */
export type Signed<T extends object> = T & {
  /** SPKI in DER, base64. */
  readonly publicKey: string;
  /** Of the JSON of all that stands before it, base64. */
  readonly signature: string;
};

/** A key that signs. */
export class SigningKey {
  private constructor(private readonly key: KeyObject) {}

  /** Reads a key (PEM, PKCS #8), or makes one where there is no file. @throws SFS_SIGNING_KEY for a file that holds no such key; SFS_FILE_UNWRITABLE */
  static at(path: string): SigningKey {
    if (!existsSync(path)) make(path);
    try {
      const key = createPrivateKey(readFileSync(path));
      if (key.asymmetricKeyType !== 'ed25519') throw new Error(`it is one of ${String(key.asymmetricKeyType)}`);
      return new SigningKey(key);
    } catch (cause) {
      const message = `${path} holds no private Ed25519 key in PEM: ${errorMessageOf(cause)}`;
      throw new SkillForgeError('SFS_SIGNING_KEY', message, { cause, context: { path } });
    }
  }

  /** What stands for a name in the names of files: nobody without the key can tell, or find out by trying names. */
  digestOf(name: string): string {
    const secret = this.key.export({ type: 'pkcs8', format: 'der' });
    return createHmac('sha256', secret).update(name).digest('hex').slice(0, 32);
  }

  sign<T extends object>(document: T): Signed<T> {
    const publicKey = createPublicKey(this.key).export({ type: 'spki', format: 'der' }).toString('base64');
    const unsigned = { ...document, publicKey };
    return { ...unsigned, signature: sign(null, Buffer.from(JSON.stringify(unsigned)), this.key).toString('base64') };
  }
}

/** Whether a document is as it was signed. Whose key it was is for the reader to know: compare `publicKey`. */
export function isAsSigned<T extends object>(document: Signed<T>): boolean {
  const { signature, ...unsigned } = document;
  try {
    const key = createPublicKey({ key: Buffer.from(document.publicKey, 'base64'), type: 'spki', format: 'der' });
    return verify(null, Buffer.from(JSON.stringify(unsigned)), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

function make(path: string): void {
  onDisk(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(path, pem, { mode: 0o600, flag: 'wx', flush: true });
  });
}
