/** Gets a Chromium for the tests of the page. */
import { CHROMIUM_VARIABLE, findChromium } from './chromium.js';
import { installPackages } from './debianSetup.js';

/** Exit code 1 when {@link CHROMIUM_VARIABLE} names what cannot be run; a Chromium that cannot be had is no failure: the tests say what they leave out. */
export function setUpChromium(): number {
  if (process.env[CHROMIUM_VARIABLE] && findChromium() === null) {
    console.error(`${CHROMIUM_VARIABLE} names ${process.env[CHROMIUM_VARIABLE]}, which cannot be run`);
    return 1;
  }
  if (findChromium() === null) installPackages(['chromium']);
  const path = findChromium();
  if (path === null) {
    console.error(`chromium is missing, and cannot be installed here. On Debian or Ubuntu: sudo apt-get install -y chromium
elsewhere install Chromium or Chrome and set ${CHROMIUM_VARIABLE} to its program. Without it the tests of the page are skipped.`);
  } else console.log(`chromium: ${path}`);
  return 0;
}
