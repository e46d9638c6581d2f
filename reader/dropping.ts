/** Forgets versions of recommendations that were dropped from the log. */
import type { RecommendationLog } from './log.js';
import { rowPrefix, type ViewHead, type ViewStore } from './viewStore.js';
import { FIRST_SERVED, isServable } from './viewTopics.js';

/** A head that the view has, with its number. */
export interface KnownHead {
  readonly head: ViewHead;
  readonly version: number;
}

/**
 * Deletes the rows of dropped versions, some at a time, and then their positions. The version that is served stays until a pointer has been
 * followed: its topic may be dropped before this reader has come to the pointer.
 * @returns the head afterwards; `null` when another process changed the view meanwhile
 */
export async function withoutDropped(store: ViewStore, known: KnownHead, log: RecommendationLog, most: number): Promise<KnownHead | null> {
  let current: KnownHead | null = known;
  for (const name of droppedVersions(known.head, log)) current = current === null ? null : await withoutVersion(store, current, name, most);
  return current;
}

/** Logical names. */
function droppedVersions({ positions, region, served }: ViewHead, log: RecommendationLog): string[] {
  const present = new Set(log.topics().map(({ name }) => name));
  const topics = new Set(Object.keys(positions).map((place) => place.slice(0, place.lastIndexOf('/'))));
  const gone = [...topics].filter((topic) => !present.has(topic) && topic.startsWith(`${region}.`)).map((topic) => topic.slice(region.length + 1));
  return gone.filter((name) => isServable(name) && name !== (served ?? FIRST_SERVED));
}

async function withoutVersion(store: ViewStore, { head, version }: KnownHead, name: string, most: number): Promise<KnownHead | null> {
  for (let at = version; ; at++) {
    const keys = firstKeys(store, rowPrefix(name), most);
    const isLast = keys.length < most;
    const left = isLast ? withoutPositions(head, `${head.region}.${name}/`) : head;
    if (!(await store.write(at, { head: left, rows: keys.map((key) => [key, null]) }))) return null;
    if (isLast) return { head: left, version: at + 1 };
  }
}

function firstKeys(store: ViewStore, prefix: string, most: number): string[] {
  const keys: string[] = [];
  for (const { key } of store.scan(prefix)) if (keys.push(key) === most) break;
  return keys;
}

function withoutPositions(head: ViewHead, prefix: string): ViewHead {
  return { ...head, positions: Object.fromEntries(Object.entries(head.positions).filter(([place]) => !place.startsWith(prefix))) };
}
