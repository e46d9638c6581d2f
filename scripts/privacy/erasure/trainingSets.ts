/** Folders that a training export of this project wrote: what else lies in them is nobody's to delete. */
import { existsSync, lstatSync, readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EXPORT_FILE } from '../../training/trainingExport.js';
import { jsonOr } from './fileForms.js';

/** What the export writes. */
const SET_FILES = /^(export\.json|curricula\.jsonl|learners\.jsonl|(decisions|rows|interactions)\..+)$/;
/** Columns: numbers, under which nobody is named. */
const COLUMNS = /^(decisions|rows|interactions)\./;

/** Whether the head that makes a folder an export is there, and is one of this project. */
export function isTrainingSet(folder: string): boolean {
  const path = join(folder, EXPORT_FILE);
  if (!existsSync(path)) return false;
  const head = jsonOr(readFileSync(path, 'utf8')) as { readonly format?: unknown; readonly featureSet?: unknown } | null;
  return typeof head === 'object' && head?.format === 1 && typeof head.featureSet === 'object';
}

/** Whether a file has nothing but numbers of a training set: their bytes may look like anything. */
export const isNumbers = (file: string): boolean => COLUMNS.test(basename(file)) && isTrainingSet(dirname(file));

/** The files of an export. */
export const setFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => SET_FILES.test(name))
    .map((name) => join(folder, name))
    .filter((path) => lstatSync(path).isFile());

/** Deletes them, and the folder where nothing else is in it. @param isKept - whether the folder stays all the same */
export function removeSet(folder: string, isKept: boolean): void {
  for (const file of setFiles(folder)) rmSync(file);
  if (!isKept && readdirSync(folder).length === 0) rmdirSync(folder);
}
