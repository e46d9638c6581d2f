/** Installs Debian packages for the tests, as root or through sudo. */
import { spawnSync } from 'node:child_process';
import { aptCommands, aptEnvironment } from '../services/programs.js';

/** Installs the packages; nothing happens where the system has no apt, or root's rights cannot be had. */
export function installPackages(packages: readonly string[]): void {
  for (const [program, ...args] of aptCommands(packages, sudo() ?? []) ?? []) spawnSync(program!, args, { stdio: 'inherit', env: aptEnvironment() });
}

/** How to become root; `null` for root itself, and for who may not. */
function sudo(): readonly string[] | null {
  if (process.getuid?.() === 0) return null;
  // Without a terminal sudo must not ask for a password.
  const command = ['sudo', ...(process.stdin.isTTY ? [] : ['-n'])];
  const may = spawnSync(command[0]!, [...command.slice(1), 'true'], { stdio: 'inherit' }).status === 0;
  return may ? command : null;
}
