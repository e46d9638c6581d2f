/** Files of a registry in a folder. */
import { appendFileSync, readFileSync, readdirSync } from 'node:fs';
import { SkillForgeError, errorMessageOf } from '../../../schemas/index.js';

/** Runs work on a registry's folder; what the file system says becomes SFS_MODEL_REGISTRY. */
export function inFolder<T>(place: string, work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (cause) {
    if (cause instanceof SkillForgeError) return Promise.reject(cause);
    const message = `the model registry in ${place} cannot be used: ${errorMessageOf(cause)}`;
    return Promise.reject(new SkillForgeError('SFS_MODEL_REGISTRY', message, { cause, context: { place } }));
  }
}

/**
 * Appends an entry in one write, which other processes' writes come before or after. The line break comes first: what a crash cut short spoils no
 * other entry.
 */
export function appendLine(path: string, entry: unknown): void {
  appendFileSync(path, `\n${JSON.stringify(entry)}`);
}

/** The entries of a file in their order, without those that were cut short; none where there is no file. */
export function linesAt(path: string): unknown[] {
  return textAt(path)
    .split('\n')
    .flatMap((line) => parsed(line) ?? []);
}

/** The value in a file of JSON that was written as a whole; `null` where there is no file. */
export function jsonAt(path: string): unknown {
  return parsed(textAt(path));
}

/** Names in a folder; none where there is no folder. */
export function namesAt(folder: string): string[] {
  return orElse([], () => readdirSync(folder));
}

const textAt = (path: string): string => orElse('', () => readFileSync(path, 'utf8'));

function orElse<T>(missing: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return missing;
    throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
