/** `npm run bench:streams`: this project against Kafka Streams, and how its cost grows on Kafka and Redis. `--help` tells the options. */
import { machine, markdown, progress, type Table } from '../report.js';
import { isReal, loadClicks } from './clicks.js';
import { Dataset } from './dataset.js';
import { embedded, keys, processes, windows } from './growth.js';
import { peerProgram } from './jars.js';
import { latency } from './latency.js';
import { streamsOptions, type Part } from './options.js';
import { checkedRuns, ratioOf, type RatioResult } from './ratio.js';
import { BenchServers } from './servers.js';

const options = streamsOptions(process.argv.slice(2));
const clicks = await loadClicks(options.events);
progress(`${clicks.length} clicks of ${isReal ? 'real' : 'made up'} learners`);
const java = options.parts.includes('ratio') ? await peerProgram() : null;
const servers = await BenchServers.start();
const ratios: RatioResult[] = [];
const tables: Table[] = [];
try {
  const dataset = await Dataset.load(servers, 'bench', clicks);
  if (java !== null) {
    const checked = checkedRuns(dataset, clicks);
    for (const guarantee of options.guarantees) ratios.push(await ratioOf(dataset, checked, java, guarantee, options.runs));
    tables.push(ratioTable());
  }
  const others: Readonly<Record<Exclude<Part, 'ratio'>, () => Promise<Table>>> = {
    processes: () => processes(dataset, options.runs),
    embedded: () => embedded(clicks),
    windows: () => windows(dataset, options.runs),
    keys: () => keys(servers, options.runs),
    latency: () => latency(servers, options.guarantees),
  };
  for (const part of options.parts) if (part !== 'ratio') tables.push(await others[part]());
} finally {
  await servers.close();
}
const measured = { ...machine(), events: clicks.length, real: isReal, runs: options.runs };
if (options.json) console.log(JSON.stringify({ ratio: ratios[0]?.ratio ?? null, ...measured, ratios, tables }));
else
  console.log(
    [
      Object.entries(measured)
        .map(([name, value]) => `${name}: ${String(value)}`)
        .join(', '),
      ...tables.map(markdown),
    ].join('\n\n'),
  );

function ratioTable(): Table {
  const rows = ratios.flatMap(({ guarantee, ours, peer, ratio, cpuRatio }) =>
    [
      { side: 'Kafka Streams, 1 thread', ...peer },
      { side: 'this project, 1 process', ...ours, ratio, cpuRatio },
    ].map((one) => [
      guarantee,
      one.side,
      one.eventsPerSecond,
      one.cpuSecondsPerMillion,
      one.peakMb,
      one.outputs.join(' '),
      'ratio' in one ? one.ratio.toFixed(2) : '',
      'cpuRatio' in one ? one.cpuRatio.toFixed(2) : '',
    ]),
  );
  return {
    title: `Count and sum of clicks in 7 days by 1, ${clicks.length} clicks, medians of ${options.runs}`,
    columns: ['guarantee', 'side', 'events/s', 'CPU s per million', 'peak MiB', 'outputs', 'ratio of rates', 'of CPU'],
    rows,
  };
}
