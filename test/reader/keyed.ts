/** Logs of regions with data keys, whose key service can be taken away. */
import { join } from 'node:path';
import type { RecommendationLog } from '../../reader/index.js';
import { asTombstone } from '../../runtime/keys/openedRecord.js';
import { diskKeysOf } from '../../runtime/keys/diskKeys.js';
import { makeRing } from '../../runtime/keys/folderRing.js';
import { newRing } from '../../runtime/keys/ringDocument.js';
import { makeService } from '../../runtime/keys/services.js';
import { openEmbedded, type EmbeddedStorage } from '../../runtime/embedded/index.js';
import { SkillForgeError, type DiskKeys } from '../../schemas/index.js';
import { atEndOfFile } from '../fixtures/endOfFile.js';
import { newFolder } from '../fixtures/folders.js';

/** What wraps keys of files: a real key-encryption key in a file, and switches. */
export interface SwitchedKeys extends DiskKeys {
  /** The key service, and whoever knows of the ring, do not answer. */
  isServiceAway: boolean;
  /** Nobody can tell whether there are keys. */
  isRingAway: boolean;
  /** Whether the region has keys. */
  areThereKeys: boolean;
}

const away = (): SkillForgeError => new SkillForgeError('SFS_KEYS_UNAVAILABLE', 'does not answer', { retriable: true });

function switched(inner: DiskKeys): SwitchedKeys {
  const keys: SwitchedKeys = {
    ...{ isServiceAway: false, isRingAway: false, areThereKeys: true },
    areThere: () => (keys.isRingAway ? Promise.reject(away()) : Promise.resolve(keys.areThereKeys)),
    wrap: (secret) => (keys.isServiceAway || keys.isRingAway ? Promise.reject(away()) : inner.wrap(secret)),
    unwrap: (wrapped) => (keys.isServiceAway ? Promise.reject(away()) : inner.unwrap(wrapped)),
  };
  return keys;
}

/** Those of a region without a log. */
export async function switchedKeys(): Promise<SwitchedKeys> {
  const place = { file: join(newFolder(), 'kek.json') };
  makeService(place);
  const ring = await newRing(place, 1);
  return switched(diskKeysOf(() => Promise.resolve(ring)));
}

/** A folder with keys, or without. */
export interface KeyedFolder {
  readonly data: string;
  readonly storage: EmbeddedStorage;
  readonly keys: SwitchedKeys;
  /** As a reader that has the keys sees it. */
  readonly log: RecommendationLog;
  /** As a reader without any sees it: what is sealed stays so. */
  readonly closed: RecommendationLog;
}

/** A new one that is open. @param hasKeys - whether it seals */
export async function keyedFolder(hasKeys = true): Promise<KeyedFolder> {
  const data = newFolder();
  // A storage before its keys: they are found when it is opened.
  await (await openEmbedded(data)).close();
  if (hasKeys) await makeRing(data, { file: join(newFolder(), 'kek.json') }, 1);
  const storage = await openEmbedded(data);
  atEndOfFile(() => storage.close());
  const { log } = storage;
  const keys = switched(log.diskKeys() ?? (await switchedKeys()));
  const base = {
    topics: () => log.topics(),
    range: (topic: string, partition: number) => log.range(topic, partition),
    identity: () => data,
  };
  return {
    ...{ data, storage, keys },
    log: { ...base, read: (...place) => log.read(...place).map(asTombstone), diskKeys: () => (hasKeys ? keys : null) },
    closed: { ...base, read: (...place) => log.read(...place).map(({ offset, appendTimeMs, key, value, sealed }) => ({ offset, appendTimeMs, key, value: sealed ?? value })) }, // prettier-ignore
  };
}
