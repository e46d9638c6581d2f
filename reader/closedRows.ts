/** Tells by the rows of a view whether its region has data keys: what an older version began does not say so in its head. */
import { rowPrefix, type ViewStore } from './viewStore.js';
import { FIRST_SERVED, OVERRIDES, type ViewCodecs } from './viewTopics.js';

/** Rows of an older view that are looked at, of lists and of overrides. */
const LOOKED_AT = 500;

/** Whether a view has records that nobody could open: the first ones of many tell. `null` where it has none of a learner, and nobody can tell. */
function holdsClosed(store: Pick<ViewStore, 'head' | 'scan'>, codecs: ViewCodecs): boolean | null {
  let looked = 0;
  for (const topic of [store.head().head?.served ?? FIRST_SERVED, OVERRIDES]) {
    const prefix = rowPrefix(topic);
    let ofTopic = 0;
    for (const { key, value } of store.scan(prefix)) {
      if (codecs.isClosed(topic, key.slice(prefix.length), value)) return true;
      looked++;
      if (++ofTopic >= LOOKED_AT) break;
    }
  }
  return looked === 0 ? null : false;
}

/**
 * Settles by its rows whether the region of a view that an older version began has data keys. A reader without any would otherwise refuse events until it was at the end of the log, which may be away, though the view
 * is a whole one.
 */
export async function settleOlder(store: ViewStore, codecs: ViewCodecs): Promise<void> {
  const { head, version } = store.head();
  if (head === null || head.isWhole !== undefined || head.isClosed || head.wrapped !== undefined) return;
  const isClosed = holdsClosed(store, codecs);
  if (isClosed === null) return;
  const settled = { ...head, ...(isClosed ? { isClosed } : { isWhole: true }) };
  if (!(await store.write(version, { head: settled, rows: [] }))) await settleOlder(store, codecs);
}

/** What a view that is begun anew from the same log keeps of the one before: that nothing sealed was in the log when it was read to its end. */
export const keptWhole = (head: { readonly isWhole?: boolean; readonly isClosed?: true } | null): { readonly isWhole?: true } =>
  head?.isWhole === true && head.isClosed !== true ? { isWhole: true } : {};
