/** How the person started this program, for commands that tell what to type next. */
import { packageRoot } from '../../schemas/index.js';
import { shortPath } from '../topologyFiles.js';
import { DEFAULT_FOLDER, DEFAULT_REGION } from './options.js';

/**
 * `npx skillforge` where the package is installed; in a checkout, where npx would look in the registry, the script itself.
 * @param folder - where the person will type it
 */
export function invocation(script = process.argv[1] ?? '', folder = process.cwd()): string {
  if (/[\\/]node_modules[\\/]/.test(script)) return 'npx skillforge';
  const path = shortPath(script, folder);
  return script.endsWith('.ts') && script.startsWith(packageRoot()) ? `node --import tsx ${path}` : `node ${path}`;
}

/** A command about the same storage folder and region, as it has to be typed. @param command - such as `topology plan item-trends` */
export function folderInvocation(command: string, { data, region }: { readonly data: string; readonly region: string }): string {
  const said = (option: string, value: string, unsaid: string): string => (value === unsaid ? '' : ` ${option} ${value}`);
  const { SKILLFORGE_DATA = DEFAULT_FOLDER, SKILLFORGE_REGION = DEFAULT_REGION } = process.env;
  return `${invocation()} ${command}${said('--data', data, SKILLFORGE_DATA)}${said('--region', region, SKILLFORGE_REGION)}`;
}
