/**
 * What recommendations cost with the demo model: `node --import tsx bench/recommender.ts [--json] [--only NAME]`, with the name of one of its tables.
 * Starts a Kafka and a Redis of its own where they can be had.
 */
import { openModels } from '../runtime/models/index.js';
import { demoModel } from '../scripts/commands/demoModels.js';
import { ranking } from './recommender/ranking.js';
import { watching } from './recommender/watching.js';
import { wholeTopology } from './recommender/wholeTopology.js';
import { report } from './report.js';

await using models = await openModels(demoModel, { region: 'eu-west' });
const makers = { ranking, watching, topology: wholeTopology };
const only = process.argv.indexOf('--only');
const chosen = Object.entries(makers).filter(([name]) => only === -1 || name === process.argv[only + 1]);
await report(
  'recommender',
  chosen.map(
    ([, make]) =>
      () =>
        make(models),
  ),
);
