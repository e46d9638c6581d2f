/** The folder of a chain: blocks in one file that is only appended to, and the secret of their commitments in another. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import { fileBytes, linesOf } from '../commands/jsonLines.js';
import { onDisk } from '../fileWriting.js';
import type { Block } from './chain.js';

/** File of the blocks, one a line. It may be shown to anybody. */
export const CHAIN_FILE = 'chain.jsonl';
/** File of the secret. Who deletes it cuts the chain off from the log for ever. */
export const SECRET_FILE = 'chain.key';

const SECRET_BYTES = 32;
/** A block is shorter. */
const LONGEST_LINE = 2 ** 20;

/** The blocks of a chain in their order; none where there is no chain. @throws SFS_FILE_UNREADABLE, SFS_CHAIN_BROKEN for a line that is no block */
export async function* readBlocks(folder: string): AsyncGenerator<Block, void, undefined> {
  const path = join(folder, CHAIN_FILE);
  if (!existsSync(path)) return;
  for await (const lines of linesOf(fileBytes(path))) for (const { number, raw } of lines) yield blockIn(path, number, raw);
}

function blockIn(path: string, line: number, raw: Buffer): Block {
  try {
    const block = JSON.parse(raw.toString()) as Partial<Block>;
    if (typeof block.digest === 'string' && Array.isArray(block.records)) return block as Block;
  } catch {
    // Told below.
  }
  throw new SkillForgeError('SFS_CHAIN_BROKEN', `${path}: line ${line} is no block`, { context: { path, line } });
}

/** Appends blocks, on the disk when it returns. @throws SFS_FILE_UNWRITABLE */
export function appendBlocks(folder: string, blocks: readonly Block[]): void {
  const path = join(folder, CHAIN_FILE);
  const text = blocks.map((block) => `${JSON.stringify(block)}\n`).join('');
  onDisk(path, () => appendFileSync(path, text, { flush: true }));
}

/** Drops a line without an end: a process that was killed while it appended left it, and it was never a block. @throws SFS_FILE_UNWRITABLE */
export function dropUnfinished(folder: string): void {
  const path = join(folder, CHAIN_FILE);
  if (!existsSync(path)) return;
  onDisk(path, () => {
    const { size } = statSync(path);
    const tail = tailOf(path, Math.min(size, LONGEST_LINE));
    truncateSync(path, size - tail.length + tail.lastIndexOf('\n') + 1);
  });
}

function tailOf(path: string, length: number): Buffer {
  const [file, tail] = [openSync(path, 'r'), Buffer.alloc(length)];
  try {
    readSync(file, tail, 0, length, statSync(path).size - length);
    return tail;
  } finally {
    closeSync(file);
  }
}

/** The secret of a chain; made where there is neither. @throws SFS_CHAIN_BROKEN where a chain has lost its own, SFS_FILE_UNWRITABLE, SFS_FILE_UNREADABLE */
export function secretFor(folder: string): Buffer {
  const path = join(folder, SECRET_FILE);
  if (existsSync(path) || existsSync(join(folder, CHAIN_FILE))) return secretOf(folder);
  const secret = randomBytes(SECRET_BYTES);
  onDisk(path, () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, secret, { mode: 0o600, flag: 'wx', flush: true });
  });
  return secret;
}

/** The secret of a chain that is there. @throws SFS_CHAIN_BROKEN where there is none, SFS_FILE_UNREADABLE */
export function secretOf(folder: string): Buffer {
  const path = join(folder, SECRET_FILE);
  if (existsSync(path)) return readSecret(path);
  throw new SkillForgeError('SFS_CHAIN_BROKEN', `${folder} has no ${SECRET_FILE}: there is no chain, or it has lost its key`, {
    context: { folder },
  });
}

function readSecret(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SkillForgeError('SFS_FILE_UNREADABLE', `${path} cannot be read: ${errorMessageOf(cause)}`, { cause, context: { path } });
  }
}
