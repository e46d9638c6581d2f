/** A file of JSON lines that appears when it is whole. */
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';

/** Writes to `<path>.partial`, which takes the name of the file in the end. Nothing is kept in memory. */
export class PartialFile {
  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /** @param path - its folder is made when missing. @param mode - who may read it. @throws SFS_FILE_UNWRITABLE */
  static open(path: string, mode = 0o666): Promise<PartialFile> {
    return writing(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      // What an earlier call left keeps its mode otherwise.
      await rm(partOf(path), { force: true });
      return new PartialFile(path, await open(partOf(path), 'w', mode));
    });
  }

  /** One line for each value. @throws SFS_FILE_UNWRITABLE */
  add(values: readonly unknown[]): Promise<void> {
    return this.addText(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  }

  /** Lines with their ends. @throws SFS_FILE_UNWRITABLE */
  async addText(text: string): Promise<void> {
    if (text !== '') await writing(this.path, () => this.file.appendFile(text));
  }

  /** Gives the file its name. @throws SFS_FILE_UNWRITABLE */
  async finish(): Promise<void> {
    await writing(this.path, async () => {
      await this.file.close();
      await rename(partOf(this.path), this.path);
    });
  }

  /** Leaves nothing behind; a file that had the name before stays. */
  async discard(): Promise<void> {
    await this.file.close().catch(() => undefined);
    await rm(partOf(this.path), { force: true });
  }
}

const partOf = (path: string): string => `${path}.partial`;

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new SkillForgeError('SFS_FILE_UNWRITABLE', `${path} cannot be written: ${errorMessageOf(cause)}`, { cause, context: { path } });
  }
}
