/**
 * `npm run test:setup`: gets what the tests need besides npm packages, a Chromium for the tests of the page. Does nothing where it is there.
 * Without it those tests are skipped, and say so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { CHROMIUM_VARIABLE, findChromium } from './chromium.js';

const APT = '/usr/bin/apt-get';

/** The commands that install it here, in order; `null` where the system is none that we know, or root's rights cannot be had. */
function installation(): readonly (readonly string[])[] | null {
  if (!existsSync(APT)) return null;
  const commands = [
    [APT, 'update', '-qq'],
    [APT, 'install', '-y', '-qq', '--no-install-recommends', 'chromium'],
  ];
  if (process.getuid?.() === 0) return commands;
  // Without a terminal sudo must not ask for a password.
  const sudo = ['sudo', ...(process.stdin.isTTY ? [] : ['-n'])];
  const may = spawnSync(sudo[0]!, [...sudo.slice(1), 'true'], { stdio: 'inherit' }).status === 0;
  return may ? commands.map((command) => [...sudo, ...command]) : null;
}

function run([program, ...args]: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(program!, args, { stdio: 'inherit', env }).status === 0;
}

function main(): number {
  if (process.env[CHROMIUM_VARIABLE] && findChromium() === null) {
    console.error(`${CHROMIUM_VARIABLE} names ${process.env[CHROMIUM_VARIABLE]}, which cannot be run`);
    return 1;
  }
  const installed = findChromium() !== null || (installation() ?? []).map(run).at(-1) === true;
  const path = installed ? findChromium() : null;
  if (path !== null) {
    console.log(`chromium: ${path}`);
    return 0;
  }
  console.error(`chromium is missing, and cannot be installed here. On Debian or Ubuntu: sudo apt-get install -y chromium
elsewhere install Chromium or Chrome and set ${CHROMIUM_VARIABLE} to its program. Without it the tests of the page are skipped.`);
  // No failure: the tests run without it, and say what they leave out.
  return 0;
}

process.exitCode = main();
