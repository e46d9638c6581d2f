/**
 * `npm run test:setup`: gets what the tests need besides npm packages, so that `npm test` need not wait for it: a Chromium for the tests of
 * the page; Java, Kafka, a Redis and a schema registry for the tests against servers; promtool for those of alerts; the compiled
 * part of a Kafka driver; Python packages; a key service. Does nothing where it is there. Tests whose part is
 * missing are skipped, and say so. With names, `npm run test:setup -- chromium`, it gets only those.
 *
 * Debian's packages come first, all in one go: apt may ask for a password. Everything else is got side by side: some of it waits for the network, some of
 * it compiles. A line begins with the part that it is about.
 */
import { setUpKafkaNative } from '../kafka/nativeSetup.js';
import { setUpEnvironment } from '../ml/environment.js';
import { USUAL_ENVIRONMENTS } from '../ml/python.js';
import { secondsText } from '../commands/output.js';
import { missingChromium, setUpChromium } from './chromiumSetup.js';
import { installPackages } from './debianSetup.js';
import { missingPromtool, setUpPromtool } from './promtool.js';
import { missingServers, setUpServers } from './serversSetup.js';

type Report = (line: string) => void;

interface Part {
  /** Debian packages that it misses. */
  readonly packages?: () => readonly string[];
  /** Its exit code: it is told what cannot be got, and 1 is for settings that contradict each other. */
  readonly get: (report: Report) => number | Promise<number>;
}

const PARTS: Readonly<Record<string, Part>> = {
  chromium: { packages: missingChromium, get: setUpChromium },
  servers: { packages: missingServers, get: setUpServers },
  promtool: { packages: missingPromtool, get: setUpPromtool },
  'kafka-native': { get: setUpKafkaNative },
  ...Object.fromEntries(USUAL_ENVIRONMENTS.map((name) => [name, { get: (report: Report) => setUpEnvironment(name, report) }])),
};

async function setUp(name: string): Promise<number> {
  const startMs = performance.now();
  const report = (line: string): void => console.log(`${name}: ${line}`);
  const code = await PARTS[name]!.get(report);
  report(`done after ${secondsText((performance.now() - startMs) / 1000)}`);
  return code;
}

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.filter((name) => !(name in PARTS));
  if (unknown.length > 0) {
    console.error(`unknown: ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
    return 2;
  }
  const names = wanted.length > 0 ? wanted : Object.keys(PARTS);
  const packages = names.flatMap((name) => PARTS[name]!.packages?.() ?? []);
  if (packages.length > 0) installPackages(packages);
  return Math.max(...(await Promise.all(names.map(setUp))));
}

process.exitCode = await main(process.argv.slice(2));
