/** A worker of the simulation's topologies as a process of its own: `workerProcess.ts KAFKA REDIS REGION`. Ends at SIGTERM; says `ready` when it has joined. */
import { Worker } from '../../../runtime/engine/worker.js';
import { TOPOLOGIES } from '../../simulation/replayed.js';
import { openOn } from './replica.js';

const [kafka, redis, region] = process.argv.slice(2) as [string, string, string];
const opened = await openOn({ kafka, redis }, region);
const worker = new Worker(TOPOLOGIES, opened.cluster, { region, mode: 'follow', limits: { maxRecords: 300 } });
process.once('SIGTERM', () => worker.stop());
await worker.start();
console.log('ready');
await worker.run();
await opened.close();
