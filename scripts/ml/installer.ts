/** What installs Python packages: uv, in the version of `ml/environments/installer.lock`. pip would take minutes where it takes seconds. */
import { cached, cachedPath } from '../services/cache.js';
import { mustRun, runProgram } from '../services/programs.js';
import { environmentFile, interpreterIn, lockedName, programIn } from './python.js';

/** uv, and the environment variables that it runs with. */
export interface Installer {
  readonly uv: string;
  readonly variables: NodeJS.ProcessEnv;
}

/** Settings of pip that uv does not read by itself, and what it calls them. */
const SETTINGS: Readonly<Record<string, string>> = {
  'index-url': 'UV_DEFAULT_INDEX',
  'extra-index-url': 'UV_INDEX',
  cert: 'SSL_CERT_FILE',
};

/**
 * Gets the installer where it is missing.
 *
 * @param python - makes the small environment that it lives in
 * @throws Error with what pip printed
 */
export async function installer(python: string, report: (line: string) => void): Promise<Installer> {
  const lock = environmentFile('installer.lock');
  const name = lockedName('uv', lock);
  const folder = await cached(name, async (target) => {
    report(`installing uv (60 MB, once) into ${cachedPath(name)}, with ${python}`);
    await mustRun(python, ['-m', 'venv', target]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--only-binary', ':all:', '--require-hashes'];
    await mustRun(interpreterIn(target), [...pip, '-r', lock]);
  });
  const own = { UV_CACHE_DIR: cachedPath('uv-packages'), UV_PYTHON_DOWNLOADS: 'never', UV_NO_CONFIG: '1' };
  return { uv: programIn(folder, 'uv'), variables: { ...(await settingsOfPip(interpreterIn(folder))), ...process.env, ...own } };
}

/** Whoever has told pip of an index of their own means every installer. */
async function settingsOfPip(python: string): Promise<NodeJS.ProcessEnv> {
  const { ok, output } = await runProgram(python, ['-m', 'pip', 'config', 'list']);
  if (!ok) return {};
  const found = [...output.matchAll(/^[\w:]+\.([\w-]+)='(.*)'$/gm)].map((match) => [SETTINGS[match[1]!], match[2]!] as const);
  return Object.fromEntries(found.filter(([name]) => name !== undefined)) as NodeJS.ProcessEnv;
}
