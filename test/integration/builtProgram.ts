/** The command line as users have it: built. Tests that start it many times need no compiler in each process. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PRODUCT_ROOMS, filesOf, projectRoot } from '../../scripts/checks/sourceFiles.js';

const PROGRAM = join(projectRoot, 'dist', 'scripts', 'skillforge.js');
/** The compiler writes this file in each build, others only where they change. */
const BUILD_INFO = join(projectRoot, 'dist', '.tsbuildinfo');

const changedMs = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Path of the built program; built now where a file of the product is younger. @throws Error with the compiler's messages */
export async function builtProgram(): Promise<string> {
  const youngest = Math.max(...filesOf(PRODUCT_ROOMS).map((path) => changedMs(join(projectRoot, path))));
  if (changedMs(BUILD_INFO) < youngest) await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: projectRoot });
  return PROGRAM;
}
