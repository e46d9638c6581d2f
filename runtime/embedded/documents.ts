/** Small named documents, each durable by itself. */
import { SkillForgeError } from '../../schemas/errors.js';

import type { BytesDatabase } from './environment.js';
import { asBuffer, textKey } from './keys.js';
import { seal, unseal } from './sealed.js';
import type { StorageGate } from './storageGate.js';

/** The documents of one folder, by name. */
export class Documents {
  constructor(
    private readonly gate: StorageGate,
    private readonly documents: BytesDatabase,
  ) {}

  /** @throws SFS_DOCUMENT_CORRUPT, SFS_KEY_TOO_LONG */
  get(name: string): Buffer | null {
    return this.gate.reading(() => this.readWithin(name));
  }

  /** The same within a commit, which may be the last one of a storage that closes. @internal */
  readWithin(name: string): Buffer | null {
    const key = textKey(name);
    const found = this.documents.get(key);
    if (found === undefined) return null;
    const value = unseal(key, found);
    if (value === null) throw new SkillForgeError('SFS_DOCUMENT_CORRUPT', `the document ${name} is damaged: its checksum does not match`);
    return value;
  }

  /** Replaces the document; resolves when it is durable. @throws SFS_KEY_TOO_LONG and what a commit throws */
  put(name: string, value: Buffer): Promise<void> {
    return this.gate.writing(() => {
      const key = textKey(name);
      return this.gate.write({
        outputs: [],
        appendTimeMs: 0,
        bytes: value.length,
        addTo: (writes) => writes.put(this.documents, key, seal(key, value)),
      });
    });
  }

  /** Names with the prefix, in the order of their UTF-8 bytes. */
  names(prefix: string): string[] {
    return this.gate.reading(() => {
      const names: string[] = [];
      const start = prefix === '' ? Buffer.of(0) : textKey(prefix);
      for (const key of this.documents.getKeys({ start })) {
        const name = asBuffer(key).toString();
        if (!name.startsWith(prefix)) break;
        names.push(name);
      }
      return names;
    });
  }
}
