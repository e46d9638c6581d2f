import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SkillForgeError } from '../../schemas/index.js';
import { damaged, parseManifest, parsedJson, type Manifest } from './manifest.js';

/** Says what the other files are. */
export const MANIFEST = 'manifest.json';
/** The digest of the manifest, as `sha256sum` writes it. */
export const MANIFEST_DIGEST = 'manifest.sha256';

/** A folder that training wrote, with every file as it was written. */
export interface Bundle {
  readonly folder: string;
  readonly manifest: Manifest;
  /** SHA-256 of the bytes of its manifest, and so of everything in it. */
  readonly digest: string;
  /** The bytes of a file; `null` where the bundle has none of this name. */
  readonly file: (name: string) => Buffer | null;
}

/**
 * Reads a bundle into memory and compares each file with its digest, so that what is used is what was compared.
 * @throws SFS_MODEL_MISSING where the folder, its manifest or a file is not there; SFS_MODEL_DAMAGED where a file is not what training wrote,
 * or the manifest does not speak of it
 */
export function readBundle(folder: string): Bundle {
  const { manifest, digest } = readManifest(folder);
  const files = new Map(Object.entries(manifest.files).map(([name, said]) => [name, verified(join(folder, name), said)]));
  const version = digestOf(linesOf(manifest.files)).slice(0, 12);
  if (version !== manifest.version) throw damaged(join(folder, MANIFEST), `its version is ${manifest.version}, and that of its files is ${version}`);
  const foreign = readdirSync(folder).find((name) => ![MANIFEST, MANIFEST_DIGEST].includes(name) && !files.has(name));
  if (foreign !== undefined) throw damaged(join(folder, foreign), 'the manifest does not speak of it');
  return { folder, manifest, digest, file: (name) => files.get(name) ?? null };
}

/** The bundles of a folder, oldest training first, then by version. @throws what {@link bundleFolders} and {@link readBundle} throw */
export function readBundles(folder: string): Bundle[] {
  const byTraining = ({ manifest: a }: Bundle, { manifest: b }: Bundle): number =>
    a.trainedUntilMs - b.trainedUntilMs || (a.version < b.version ? -1 : 1);
  return bundleFolders(folder).map(readBundle).sort(byTraining);
}

/** The folders of the bundles in a folder, which is one itself or has some as sub-folders. @throws SFS_MODEL_MISSING where there is none */
export function bundleFolders(folder: string): string[] {
  const entries = namesIn(folder);
  if (entries.includes(MANIFEST)) return [folder];
  // What is being written has a name that begins with a dot.
  const bundles = entries
    .filter((name) => !name.startsWith('.'))
    .map((name) => join(folder, name))
    // One that lost its manifest is damaged, and not passed over.
    .filter((inner) => [MANIFEST, MANIFEST_DIGEST].some((name) => existsSync(join(inner, name))));
  if (bundles.length > 0) return bundles.sort();
  throw missing(folder, 'it is no model bundle, nor has it one in a sub-folder');
}

/** The JSON of a file of a bundle; `null` where there is none. @throws SFS_MODEL_DAMAGED */
export function jsonOf(bundle: Bundle, name: string): unknown {
  const bytes = bundle.file(name);
  return bytes === null ? null : parsedJson(join(bundle.folder, name), bytes.toString('utf8'));
}

/**
 * A file of little-endian floats; `null` where there is none.
 * @throws SFS_MODEL_DAMAGED where it has not as many as it should
 */
export function floatsOf(bundle: Bundle, name: string, count: number): Float32Array | null {
  const bytes = bundle.file(name);
  if (bytes === null) return null;
  if (bytes.length !== 4 * count) throw damaged(join(bundle.folder, name), `it has ${bytes.length} bytes, and ${count} floats are ${4 * count}`);
  return Float32Array.from({ length: count }, (_, at) => bytes.readFloatLE(4 * at));
}

function readManifest(folder: string): Pick<Bundle, 'manifest' | 'digest'> {
  const path = join(folder, MANIFEST);
  const bytes = readOf(path);
  const [said, name] = readOf(join(folder, MANIFEST_DIGEST)).toString('utf8').split(/\s+/);
  const digest = digestOf(bytes);
  if (name !== MANIFEST || said !== digest) throw damaged(path, `it does not have the digest that ${MANIFEST_DIGEST} says`);
  return { manifest: parseManifest(path, bytes.toString('utf8')), digest };
}

function verified(path: string, digest: string): Buffer {
  const bytes = readOf(path);
  if (digestOf(bytes) === digest) return bytes;
  throw damaged(path, `its SHA-256 is not that of the manifest; ${bytes.length} bytes were read`);
}

const linesOf = (files: Manifest['files']): string =>
  Object.entries(files)
    .map(([name, digest]) => `${name} ${digest}\n`)
    .sort()
    .join('');

const digestOf = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

function readOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw missing(path, `it cannot be read`, cause);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    throw missing(folder, 'the folder cannot be read', cause);
  }
}

const missing = (path: string, what: string, cause?: unknown): SkillForgeError =>
  new SkillForgeError('SFS_MODEL_MISSING', `no model at ${path}: ${what}`, { context: { path, name: basename(path) }, cause });
