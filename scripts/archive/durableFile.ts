/** Files that are whole, or not there, whatever ends the process or the machine. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';

/** What an unfinished file is called until it takes its name. */
export const UNFINISHED = '.unfinished';

/** Told after each step that reached the disk; tests end the work there. */
export type Reached = (step: 'written' | 'synced' | 'renamed', path: string) => void;

const nobody: Reached = () => undefined;

/**
 * Writes a file under another name, has the disk confirm it, and renames it: a reader sees the old file or the new one, also after a power
 * failure. Its folder is made when missing. @throws SFS_FILE_UNWRITABLE
 */
export function writeDurably(path: string, content: Uint8Array | string, reached: Reached = nobody): void {
  const unfinished = path + UNFINISHED;
  onDisk(path, () => {
    makeFolder(dirname(path));
    const file = openSync(unfinished, 'w');
    try {
      writeFileSync(file, content);
      reached('written', path);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  });
  reached('synced', path);
  renameDurably(unfinished, path, reached);
}

/** Gives a file that the disk has confirmed another name, in place of what has it. Both are on one file system. @throws SFS_FILE_UNWRITABLE */
export function renameDurably(from: string, to: string, reached: Reached = nobody): void {
  onDisk(to, () => {
    makeFolder(dirname(to));
    renameSync(from, to);
  });
  reached('renamed', to);
  onDisk(to, () => syncFolder(dirname(to)));
}

/** Has the disk confirm a file that another program wrote. @throws SFS_FILE_UNWRITABLE */
export function syncFile(path: string): void {
  onDisk(path, () => syncOpened(openSync(path, 'r+')));
}

/** A new folder lasts when the folder above it is confirmed. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { recursive: true });
  syncFolder(dirname(path));
}

function syncFolder(path: string): void {
  // Windows opens no folders; its file systems keep names in a journal.
  if (process.platform !== 'win32') syncOpened(openSync(path, 'r'));
}

function syncOpened(file: number): void {
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What the system refuses becomes an error with the path; what tests throw passes. */
function onDisk(path: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new SkillForgeError('SFS_FILE_UNWRITABLE', `${path} cannot be written: ${errorMessageOf(cause)}`, { cause, context: { path } });
  }
}
