/** Finds and loads topology files. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SkillForgeError, errorMessageOf } from '../schemas/index.js';
import type { Topology } from '../operators/topology.js';

/** A topology's file. */
export interface TopologyFile {
  /** Name of the file without its ending; by custom the name of the topology. */
  readonly name: string;
  readonly path: string;
  /** Ships with this package. */
  readonly own: boolean;
}

const ENDING = /\.(ts|js|mts|mjs)$/;
const NO_TOPOLOGY = /\.(d|test)\.\w+$/;
/** In a checkout the source tree; in an installed package `dist/topologies`. */
const OWN_FOLDER = resolve(import.meta.dirname, '..', 'topologies');

/** Every topology below `folder` and of this package, by name; one of the folder hides one of the package. */
export function topologyFiles(folder: string): TopologyFile[] {
  const found = new Map<string, TopologyFile>();
  for (const place of [join(folder, 'topologies'), OWN_FOLDER]) {
    for (const path of filesOf(place)) {
      const file = topologyFile(path);
      if (!found.has(file.name)) found.set(file.name, file);
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The topologies of this package. */
export const ownTopologyFiles = (): TopologyFile[] => filesOf(OWN_FOLDER).map(topologyFile);

/** The file of a topology: by name in `folder`/topologies and in the package, or by path. @throws SFS_TOPOLOGY_NOT_FOUND */
export function findTopologyFile(nameOrPath: string, folder: string): TopologyFile {
  const isPath = nameOrPath.includes('/') || nameOrPath.includes(sep) || ENDING.test(nameOrPath);
  if (isPath && isFile(resolve(folder, nameOrPath))) return topologyFile(resolve(folder, nameOrPath));
  const known = isPath ? [] : topologyFiles(folder);
  const named = known.find((file) => file.name === nameOrPath);
  if (named !== undefined) return named;
  const hint = isPath ? 'there is no such file' : `known are ${known.map((file) => file.name).join(', ') || 'none'}`;
  throw new SkillForgeError('SFS_TOPOLOGY_NOT_FOUND', `no topology ${nameOrPath}: ${hint}`, { context: { topology: nameOrPath, folder } });
}

/**
 * Loads the default export of a topology file; TypeScript is compiled on the way.
 * @throws SFS_TOPOLOGY_UNLOADABLE when the file throws; SFS_TOPOLOGY_INVALID when its default export is no topology
 */
export async function loadTopology(file: TopologyFile): Promise<Topology> {
  const exported = defaultExportOf(await importFile(file.path));
  if (isTopology(exported)) return exported;
  throw new SkillForgeError(
    'SFS_TOPOLOGY_INVALID',
    `${file.path} has no topology as its default export: export default topology(name, options, build)`,
    {
      context: { path: file.path },
    },
  );
}

/** Loads a topology of this package by its name. @throws what {@link loadTopology} throws */
export const loadOwnTopology = (name: string): Promise<Topology> => loadTopology(ownTopologyFiles().find((file) => file.name === name)!);

/** A path as short as can be, seen from `folder`. */
export function shortPath(path: string, folder: string): string {
  const short = relative(folder, path);
  return short.startsWith('..') ? path : short;
}

async function importFile(path: string): Promise<unknown> {
  const unregister = await compileTypeScript(path);
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    const message = `${path} cannot be loaded: ${errorMessageOf(cause)}${moduleHint(path, cause)}`;
    throw new SkillForgeError('SFS_TOPOLOGY_UNLOADABLE', message, { cause, context: { path } });
  } finally {
    await unregister();
  }
}

/**
 * This very file is TypeScript only where a compiler is at work already. Where the project's package.json does not say `"type": "module"`,
 * the file counts as CommonJS and is required: both ways are compiled.
 */
async function compileTypeScript(path: string): Promise<() => Promise<void>> {
  if (/\.m?js$/.test(path) || import.meta.url.endsWith('.ts')) return () => Promise.resolve();
  const [imports, requires] = await Promise.all([import('tsx/esm/api'), import('tsx/cjs/api')]);
  const [unregisterImports, unregisterRequires] = [imports.register(), requires.register()];
  return async () => {
    unregisterRequires();
    await unregisterImports();
  };
}

/** What the loaders say of a file that counts as CommonJS and is no such thing. */
const MODULE_TROUBLE = /require\(\)|ES Module|top-level await|outside a module|"cjs"/i;

/** The cause that hides behind many a message of the loaders. */
function moduleHint(path: string, cause: unknown): string {
  if (!MODULE_TROUBLE.test(errorMessageOf(cause)) || !countsAsCommonJs(path)) return '';
  return '\nThe file counts as CommonJS, because its package.json does not say "type": "module"; say so: npm pkg set type=module';
}

/** Whether Node takes a `.ts` or `.js` file at this path for CommonJS: the nearest package.json above it does not say `"type": "module"`. */
export function countsAsCommonJs(path: string): boolean {
  if (/\.m[tj]s$/.test(path)) return false;
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (isFile(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { readonly type?: string }).type !== 'module';
    if (dirname(folder) === folder) return true;
  }
}

/** A file that counts as CommonJS has its default export one level deeper. */
function defaultExportOf(module: unknown): unknown {
  const exported = (module as { readonly default?: unknown }).default;
  return isTopology(exported) ? exported : (exported as { readonly default?: unknown } | undefined)?.default;
}

/** By shape: the file may have its own copy of the language. */
function isTopology(value: unknown): value is Topology {
  const { name, version, build } = (value ?? {}) as Partial<Topology>;
  return typeof name === 'string' && typeof version === 'number' && typeof build === 'function';
}

function topologyFile(path: string): TopologyFile {
  return { name: basename(path).replace(ENDING, ''), path, own: path.startsWith(OWN_FOLDER + sep) };
}

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => ENDING.test(name) && !NO_TOPOLOGY.test(name))
    .map((name) => join(folder, name));
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
