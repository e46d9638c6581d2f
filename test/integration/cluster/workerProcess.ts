/** A worker of the simulation's topologies as a process of its own: `workerProcess.ts KAFKA REDIS REGION [GUARANTEE]`. Ends at SIGTERM; says `ready` when it has joined. */
import type { Guarantee } from '../../../runtime/cluster/index.js';
import { Worker } from '../../../runtime/engine/worker.js';
import { TOPOLOGIES } from '../../simulation/replayed.js';
import { openOn } from './replica.js';

const [kafka, redis, region, guarantee] = process.argv.slice(2) as [string, string, string, Guarantee?];
const opened = await openOn({ kafka, redis }, region, guarantee);
const worker = new Worker(TOPOLOGIES, opened.cluster, { region, mode: 'follow', limits: { maxRecords: 300 } });
process.once('SIGTERM', () => worker.stop());
await worker.start();
console.log('ready');
await worker.run();
await opened.close();
