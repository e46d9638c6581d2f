/**
 * `npm run test:setup`: gets what the tests need besides npm packages, so that `npm test` need not wait for it: a Chromium for the tests of
 * the page; Java, Kafka, a Redis and a schema registry for the tests against servers; the compiled
 * part of a Kafka driver. Does nothing where it is there. Tests whose part is
 * missing are skipped, and say so. With names, `npm run test:setup -- chromium`, it gets only those.
 */
import { setUpKafkaNative } from '../kafka/nativeSetup.js';
import { setUpChromium } from './chromiumSetup.js';
import { setUpServers } from './serversSetup.js';

/** Each is told only what it cannot get: the exit code 1 is for settings that contradict each other. */
const PARTS: Readonly<Record<string, () => number | Promise<number>>> = {
  chromium: setUpChromium,
  servers: setUpServers,
  'kafka-native': setUpKafkaNative,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
  process.exitCode = 2;
} else {
  for (const name of wanted.length > 0 ? wanted : Object.keys(PARTS)) process.exitCode = (await PARTS[name]!()) || (process.exitCode ?? 0);
}
