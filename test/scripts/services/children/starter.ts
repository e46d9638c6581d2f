/** Starts servers and never closes them: `starter.ts OPTIONS [ends]`. Prints progress, then `ready`; with `ends` it ends then. */
import { startServices, type ServicesOptions } from '../../../../scripts/services/index.js';

const [, , options, ends] = process.argv;
await startServices({ ...(JSON.parse(options!) as ServicesOptions), report: console.log });
console.log('ready');
if (ends === undefined) setInterval(() => undefined, 60_000);
