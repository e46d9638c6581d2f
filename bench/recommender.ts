/**
 * What recommendations cost: `node --import tsx bench/recommender.ts [--json] [--only NAME] [--models DIR]`, with the name of one of its tables, and a folder of
 * trained bundles in place of the demo model. Of those the items are called as training knew them; where a part of their retrieval proposes nothing all
 * the same, it fails. Starts a Kafka and a Redis of its own where they can be had.
 */
import { openModels } from '../runtime/models/index.js';
import { demoModel } from '../scripts/commands/demoModels.js';
import { AT_MS } from './recommender/busyCourse.js';
import { ranking } from './recommender/ranking.js';
import { trainedCourses } from './recommender/trainedCourses.js';
import { watching } from './recommender/watching.js';
import { wholeTopology } from './recommender/wholeTopology.js';
import { report } from './report.js';

/** @throws for an option without its value */
function argumentOf(name: string): string | null {
  const at = process.argv.indexOf(name);
  if (at === -1) return null;
  const value = process.argv[at + 1];
  if (value === undefined || value.startsWith('--')) throw new Error(`${name} wants a value`);
  return value;
}

const folder = argumentOf('--models') ?? demoModel;
const only = argumentOf('--only');
await using models = await openModels(folder, { region: 'eu-west' });
const courses = trainedCourses(folder, AT_MS);
const makers = { ranking, watching, topology: wholeTopology };
const chosen = Object.entries(makers).filter(([name]) => only === null || name === only);
await report(
  'recommender',
  chosen.map(
    ([, make]) =>
      () =>
        make(models, courses),
  ),
);
