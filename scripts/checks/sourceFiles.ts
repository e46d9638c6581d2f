import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root folder of the project. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Rooms of the product, as opposed to tests and benchmarks. */
export const PRODUCT_ROOMS = ['schemas', 'operators', 'topologies', 'runtime', 'http', 'lmdb', 'gateway', 'reader', 'scripts'] as const;

const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', '.skillforge']);

/** Paths of all files below the given rooms of `root`, relative to it, with `/`, sorted. A room that does not exist has none. */
export function filesOf(rooms: readonly string[], root = projectRoot): string[] {
  return rooms.flatMap((room) => walk(join(root, room)).map((path) => relative(root, path).split(sep).join('/'))).sort();
}

/** Hand-written TypeScript of the given rooms. */
export function sourcesOf(rooms: readonly string[], root = projectRoot): string[] {
  return filesOf(rooms, root).filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.includes('/generated/'));
}

function walk(folder: string): string[] {
  const entries = entriesOf(folder).filter((entry) => !SKIPPED.has(entry.name));
  return entries.flatMap((entry) => (entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)]));
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // a room that is not built yet
  }
}
