/** What a process saw last, in a file: the next one begins with it while the source is away. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What was remembered of a place; `null` where nothing was. */
export function remembered<T extends object>(path: string, place: string): T | null {
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as T & { readonly place: string };
    return found.place === place ? found : null;
  } catch {
    return null;
  }
}

/** Remembers, as JSON. Where the file cannot be written it does not: what was seen now goes on all the same. */
export function remember(path: string, place: string, seen: object): void {
  const nursery = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(nursery, `${JSON.stringify({ place, ...seen })}\n`);
    renameSync(nursery, path);
  } catch {
    return;
  }
}
