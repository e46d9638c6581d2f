/**
 * `npm run ml:setup`: gets the Python packages of training, of its operation, of batch features and of the daily loop; with names, such as
 * `npm run ml:setup -- trainer`, only those. Does nothing where they are there.
 */
import { makeEnvironment } from './environment.js';
import { ENVIRONMENTS, USUAL_ENVIRONMENTS, type EnvironmentName } from './python.js';

const isName = (text: string): text is EnvironmentName => (ENVIRONMENTS as readonly string[]).includes(text);

async function main(wanted: readonly string[]): Promise<number> {
  const names = wanted.filter(isName);
  if (names.length < wanted.length) {
    console.error(`unknown: ${wanted.filter((name) => !isName(name)).join(', ')}; there are ${ENVIRONMENTS.join(', ')}`);
    return 2;
  }
  let code = 0;
  for (const name of wanted.length > 0 ? names : USUAL_ENVIRONMENTS) {
    const python = await makeEnvironment(name, (line) => console.log(`${name}: ${line}`));
    if (python === null) code = 1;
    else console.log(`${name}: ${python}`);
  }
  return code;
}

process.exitCode = await main(process.argv.slice(2));
