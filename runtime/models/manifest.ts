import { SkillForgeError } from '../../schemas/index.js';

/** What `manifest.json` says of a bundle. */
export interface Manifest {
  readonly name: string;
  /** The first 12 hexadecimal digits of SHA-256 over the sorted lines `name sha256` of the files. */
  readonly version: string;
  readonly region: string;
  /** What the rankers read, column by column; `null` for a bundle without rankers. */
  readonly featureSet: { readonly id: string; readonly columns: readonly string[] } | null;
  /** Event times that training saw: from the first up to, and without, the second; ms since epoch. */
  readonly trainedFromMs: number;
  readonly trainedUntilMs: number;
  /** SHA-256 of the training data. */
  readonly dataHash: string;
  /** Measured by training, by name; numbers, or groups of them. */
  readonly metrics: Readonly<Record<string, unknown>>;
  /** Version of the ONNX operators. */
  readonly opset: number | null;
  /** Versions of what trained it. */
  readonly libraries: Readonly<Record<string, string>>;
  /** SHA-256 of each file. */
  readonly files: Readonly<Record<string, string>>;
}

/** The format that this version reads. */
const FORMAT = 1;
const HEX = /^[0-9a-f]{64}$/;

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads the text of a manifest.
 * @throws SFS_MODEL_DAMAGED with the file and what is wrong in it; of what is no JSON with the position
 */
export function parseManifest(path: string, text: string): Manifest {
  const json = parsedJson(path, text) as Json;
  const fail = (what: string): never => {
    throw damaged(path, `its ${what} is missing, or is not what it should be`);
  };
  const field = <T>(name: string, isFine: (value: unknown) => boolean): T => (isFine(json?.[name]) ? (json[name] as T) : fail(name));
  if (json?.format !== FORMAT) throw damaged(path, `its format is ${JSON.stringify(json?.format)}, and this version reads ${FORMAT}`);
  field('kind', (kind) => kind === 'bundle');
  return {
    name: field('name', isText),
    version: field('version', isText),
    region: field('region', isText),
    featureSet: field('featureSet', (set) => set === null || isFeatureSet(set)),
    trainedFromMs: field('trainedFromMs', isTime),
    trainedUntilMs: field('trainedUntilMs', isTime),
    dataHash: field('dataHash', isText),
    metrics: field('metrics', isRecord),
    opset: field('opset', (opset) => opset === null || Number.isInteger(opset)),
    libraries: field('libraries', (all) => isRecord(all) && Object.values(all).every(isText)),
    files: field('files', (all) => isRecord(all) && Object.entries(all).every(([name, digest]) => isFileName(name) && HEX.test(String(digest)))),
  };
}

/** Reads a file of JSON. @throws SFS_MODEL_DAMAGED with the file, and the position where it says one */
export function parsedJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const position = /position (\d+)/.exec(String(cause))?.[1];
    throw damaged(path, `it is no JSON${position === undefined ? '' : `, from position ${position} on`}`, cause);
  }
}

/** A file is not what training wrote. */
export function damaged(path: string, what: string, cause?: unknown): SkillForgeError {
  return new SkillForgeError('SFS_MODEL_DAMAGED', `model file ${path} cannot be used: ${what}`, { context: { file: path }, cause });
}

/** An instant that has a date. */
const isTime = (value: unknown): boolean => typeof value === 'number' && !Number.isNaN(new Date(value).getTime());
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
/** A name leads nowhere but into the folder. */
const isFileName = (name: string): boolean => /^[\w.-]+$/.test(name) && !name.startsWith('.');

function isFeatureSet(value: unknown): boolean {
  return isRecord(value) && isText(value.id) && Array.isArray(value.columns) && value.columns.every(isText);
}
