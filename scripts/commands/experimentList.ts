/** `skillforge experiment list`. */
import type { Command } from 'commander';
import { experimentSource, readPayload } from '../../runtime/experiments/index.js';
import { experimentsIn, type ListedExperiment } from '../experiments/payloadExperiments.js';
import { plainCommand, type PlainOptions } from './options.js';
import { jsonOf, print, printJson, printable, tableText } from './output.js';

const DESCRIPTION = `Lists the experiments of a GrowthBook payload that decisions are made under: a features file, or the address of an SDK connection.
Only the features recommendations.ranker, recommendations.policy and recommendations.candidates are looked at.`;

/** Lists the experiments of a payload. */
export function experimentListCommand(): Command {
  return plainCommand('list <payload>', 'list the experiments of a payload', DESCRIPTION, [
    'skillforge experiment list ./features.json',
    'skillforge experiment list https://cdn.growthbook.io/api/features/sdk-abc123 --json',
  ]).action(list);
}

async function list(place: string, options: PlainOptions): Promise<void> {
  const { text } = readPayload(await experimentSource(place).read(), place);
  const experiments = experimentsIn(text);
  if (options.json) printJson({ place, experiments });
  else print(experiments.length === 0 ? `${place} has no experiment on recommendations` : listText(experiments));
}

function listText(experiments: readonly ListedExperiment[]): string {
  const rows = experiments.flatMap(({ experiment, feature, coverage, namespace, isTargeted, variations }) =>
    variations.map(({ key, weight, value }, at) => [
      at === 0 ? experiment : '',
      at === 0 ? feature : '',
      at === 0
        ? `${percent(coverage)}${namespace === null ? '' : ` in ${namespace[0]} ${namespace[1]}..${namespace[2]}`}${isTargeted ? ', targeted' : ''}`
        : '',
      key,
      percent(weight),
      printable(jsonOf(value)),
    ]),
  );
  return tableText(['experiment', 'feature', 'learners', 'variation', 'weight', 'value'], rows);
}

const percent = (share: number): string => `${Number((100 * share).toFixed(2))} %`;
