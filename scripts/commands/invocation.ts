/** How the person started this program, for commands that tell what to type next. */
import { packageRoot } from '../../schemas/index.js';
import { shortPath } from '../topologyFiles.js';

/** `npx skillforge` where the package is installed; in a checkout, where npx would look in the registry, the script itself. */
export function invocation(script = process.argv[1] ?? ''): string {
  if (/[\\/]node_modules[\\/]/.test(script)) return 'npx skillforge';
  const path = shortPath(script, process.cwd());
  return script.endsWith('.ts') && script.startsWith(packageRoot()) ? `node --import tsx ${path}` : `node ${path}`;
}
