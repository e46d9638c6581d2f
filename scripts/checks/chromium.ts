/** Finds the browser that the tests of the page run in. */
import { findProgram, isExecutable } from '../services/programs.js';

/** Names that distributions give it. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Overrides where the browser is looked for. */
export const CHROMIUM_VARIABLE = 'CHROMIUM_PATH';

/** Path of a Chromium: what {@link CHROMIUM_VARIABLE} says, or the first on the `PATH`; `null` where there is none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  const given = env[CHROMIUM_VARIABLE];
  if (given !== undefined && given !== '') return isExecutable(given) ? given : null;
  return findProgram(NAMES, env);
}
