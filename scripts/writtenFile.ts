/** Files of the repository that are made of the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../schemas/index.js';

/**
 * Where a module is the program that runs: writes its file, or with `--check` compares it and says that it is out of date, with exit code 1.
 *
 * @param module - `import.meta.url` of the module
 * @param text - makes the content
 * @param remedy - the command that writes the file
 */
export async function writtenByProgram(module: string, path: string, text: () => string | Promise<string>, remedy: string): Promise<void> {
  if (process.argv[1] === undefined || module !== pathToFileURL(process.argv[1]).href) return;
  if (!process.argv.includes('--check')) return writeFileSync(path, await text());
  if (readFileSync(path, 'utf8') === (await text())) return;
  console.error(`${relative(packageRoot(), path).split(sep).join('/')} is out of date: run ${remedy}`);
  process.exitCode = 1;
}
