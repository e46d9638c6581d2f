/** Rows of a reader's view, as somebody is told of them who looks into the file. */
import type { SharedFile } from '../../../lmdb/sharedFile.js';
import type { ViewHead } from '../../../reader/viewStore.js';
import { OVERRIDES, ViewCodecs, isOfLearners, rowOwner } from '../../../reader/viewTopics.js';
import { unwrapDiskKey } from '../../../runtime/keys/diskKeys.js';
import { DiskSeal, isDiskSealed } from '../../../schemas/index.js';

/** Opens rows of one view, where the key of its file can be unwrapped here. */
export class ViewRows {
  private constructor(
    private readonly codecs: ViewCodecs,
    /** `null` for a view in clear, and for one whose key service does not answer here. */
    private readonly seal: DiskSeal | null,
  ) {}

  static async of(view: SharedFile, region: string): Promise<ViewRows> {
    return new ViewRows(new ViewCodecs(region), await sealOf(view));
  }

  /** What a row says; its bytes where nobody can open them here. @param key - `topic NUL key` */
  told(key: string, value: Buffer): unknown {
    const at = key.indexOf('\0');
    const [topic, name] = [key.slice(0, at), key.slice(at + 1)];
    if (!isOfLearners(topic)) return value;
    try {
      const bytes = this.seal !== null && isDiskSealed(value) ? this.seal.open(rowOwner(topic, name), value) : value;
      return topic === OVERRIDES ? this.codecs.override(name, bytes) : this.codecs.recommendation(name, bytes);
    } catch {
      return value;
    }
  }
}

/** The key of a sealed view, wrapped; `undefined` for one in clear. */
export function wrappedKeyIn(view: SharedFile): string | undefined {
  const head = view.database('heads', { useVersions: true }).get(Buffer.from('head'));
  return head === undefined ? undefined : (JSON.parse(head.toString()) as ViewHead).wrapped;
}

async function sealOf(view: SharedFile): Promise<DiskSeal | null> {
  const wrapped = wrappedKeyIn(view);
  if (wrapped === undefined) return null;
  try {
    return new DiskSeal(await unwrapDiskKey(wrapped));
  } catch {
    return null;
  }
}
