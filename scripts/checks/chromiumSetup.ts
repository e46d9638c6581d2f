/** Gets a Chromium for the tests of the page. */
import { CHROMIUM_VARIABLE, findChromium } from './chromium.js';

/** The Debian package that is missing. A program that {@link CHROMIUM_VARIABLE} names is not replaced. */
export const missingChromium = (): readonly string[] => (findChromium() === null && !process.env[CHROMIUM_VARIABLE] ? ['chromium'] : []);

/** Exit code 1 when {@link CHROMIUM_VARIABLE} names what cannot be run; a Chromium that cannot be had is no failure: the tests say what they leave out. */
export function setUpChromium(report: (line: string) => void): number {
  const path = findChromium();
  if (path === null && process.env[CHROMIUM_VARIABLE]) {
    report(`${CHROMIUM_VARIABLE} names ${process.env[CHROMIUM_VARIABLE]}, which cannot be run`);
    return 1;
  }
  if (path === null) {
    report('it is missing, and cannot be installed here. On Debian or Ubuntu: sudo apt-get install -y chromium');
    report(`elsewhere install Chromium or Chrome and set ${CHROMIUM_VARIABLE} to its program. Without it the tests of the page are skipped.`);
  } else report(path);
  return 0;
}
