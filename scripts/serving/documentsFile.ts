/** Small documents in one file, for who has no storage to keep them in. */
import { existsSync, readFileSync } from 'node:fs';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import type { Storage } from '../../runtime/ports.js';
import { writeWhole } from '../fileWriting.js';

/** Opens the file, or begins one: a JSON object of texts in base64 by the names of documents. @throws SFS_FILE_UNREADABLE */
export function documentsIn(path: string): Storage['documents'] {
  const texts = textsIn(path);
  return {
    get: (name) => {
      const text = texts.get(name);
      return text === undefined ? null : Buffer.from(text, 'base64');
    },
    put: (name, value) => {
      texts.set(name, value.toString('base64'));
      return keeping(path, texts);
    },
    names: (prefix) => [...texts.keys()].filter((name) => name.startsWith(prefix)).sort(),
  };
}

function textsIn(path: string): Map<string, string> {
  if (!existsSync(path)) return new Map();
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>));
  } catch (cause) {
    throw new SkillForgeError('SFS_FILE_UNREADABLE', `${path} holds no documents: ${errorMessageOf(cause)}`, { cause, context: { path } });
  }
}

/** Whole, or as it was. */
// eslint-disable-next-line @typescript-eslint/require-await -- what fails is to be a rejected promise
async function keeping(path: string, texts: ReadonlyMap<string, string>): Promise<void> {
  writeWhole(path, JSON.stringify(Object.fromEntries(texts)));
}
