/** The files of the page, read once: they are small. */
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { SkillForgeError, packageRoot } from '../schemas/index.js';

/** A file as it is served. */
export interface PageFile {
  /** Media type. */
  readonly type: string;
  readonly content: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

/** Lays out the graph of topologies; the page imports it under this path. */
const LAYOUT_PATH = '/page/dagre.js';
const INDEX = 'index.html';

/**
 * The page's files by the path that they are served under: `/` is the page, `/page/<file>` what it loads.
 * @param folder - by default that of this package
 * @throws SFS_PACKAGE_BROKEN
 */
export function pageFiles(folder = join(packageRoot(), 'reader', 'page')): ReadonlyMap<string, PageFile> {
  try {
    const names = readdirSync(folder).filter((name) => extname(name) in TYPES);
    const files = new Map(names.map((name) => [name === INDEX ? '/' : `/page/${name}`, readPageFile(join(folder, name))]));
    if (!files.has('/')) throw new Error(`it holds no ${INDEX}`);
    return files.set(LAYOUT_PATH, readPageFile(layoutFile()));
  } catch (cause) {
    throw new SkillForgeError('SFS_PACKAGE_BROKEN', `Cannot read the page in ${folder}`, { cause, context: { folder } });
  }
}

const readPageFile = (path: string): PageFile => ({ type: TYPES[extname(path)]!, content: readFileSync(path) });

/** What the package gives to browsers: `require` finds the file beside it. */
const layoutFile = (): string => join(dirname(createRequire(import.meta.url).resolve('@dagrejs/dagre')), 'dagre.esm.js');
