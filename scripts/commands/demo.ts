/** `skillforge demo`: the first thing that a newcomer sees. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Storage } from '../../runtime/ports.js';
import { loadTopology, ownTopologyFiles } from '../topologyFiles.js';
import { demoTables, type DemoTables } from './demoTables.js';
import { withFolder } from './folder.js';
import { invocation } from './invocation.js';
import { plainCommand, regionOption, type PlainOptions } from './options.js';
import { countText, print, printJson, secondsText } from './output.js';
import { ProgressLine } from './progressLine.js';
import { progressReporter, runText } from './run.js';
import { importSyntheticClicks } from './syntheticImport.js';
import { runTopologies, type RunSummary } from './topologyRun.js';

interface DemoOptions extends PlainOptions {
  readonly data?: string;
  readonly region: string;
}

const DESCRIPTION = `Makes up a small school, writes two weeks of its clicks into a folder, runs two topologies over them and shows what they found:
how busy some learners were in their last seven days, and which items a cohort used most. Without --data the folder is a temporary one.`;

const SCHOOL = { seed: 1, learners: 500, courses: 3, items: 40, days: 14, clicksPerDay: 3_000 };

/** Shows the whole way once. */
export function demoCommand(): Command {
  return plainCommand('demo', 'see it at work on a small made-up school', DESCRIPTION, ['skillforge demo', 'skillforge demo --data ./school'])
    .option('--data <dir>', 'folder of the embedded storage; a temporary one when left out')
    .addOption(regionOption())
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const folder = options.data ?? mkdtempSync(join(tmpdir(), 'skillforge-demo-'));
  const json = options.json === true;
  const say = (text: string): void => (json ? undefined : print(text));
  await withFolder(folder, async (storage) => {
    say(`1. A school of ${SCHOOL.learners} made-up learners clicks for ${SCHOOL.days} days\n   folder ${folder}`);
    const clicks = await generating(storage, options.region, json);
    say(`   ${countText(clicks.total)} clicks in the topic clicks, written in ${secondsText(clicks.seconds)}\n`);
    say('2. Two topologies process them: learner-engagement and item-trends');
    const run = await running(storage, options.region, json);
    say(`${indented(runText(run))}\n`);
    const tables = demoTables(storage, options.region);
    if (json) printJson({ folder, clicks: clicks.total, run, ...tables });
    else print(tablesText(tables, folder));
  });
}

async function generating(storage: Storage, region: string, json: boolean): Promise<{ total: number; seconds: number }> {
  const line = new ProgressLine(json);
  const startMs = performance.now();
  const { written, alreadyThere } = await importSyntheticClicks(storage, { ...SCHOOL, region }, null, (done, total) =>
    line.update({ what: '   generating', done, total, unit: 'clicks' }),
  );
  line.end();
  return { total: written + alreadyThere, seconds: (performance.now() - startMs) / 1000 };
}

async function running(storage: Storage, region: string, json: boolean): Promise<RunSummary> {
  const topologies = await Promise.all(
    ownTopologyFiles()
      .filter(({ name }) => SHOWN.includes(name))
      .map(loadTopology),
  );
  return runTopologies(storage, topologies, { region, mode: 'until-end', onProgress: progressReporter(json, '   running', 'until-end') });
}

const SHOWN = ['learner-engagement', 'item-trends'];

const indented = (text: string): string => text.replace(/^/gm, '   ');

function tablesText({ asOf, learners, learnersText, cohort, itemsText, learner }: DemoTables, folder: string): string {
  return [
    `3. The busiest of ${countText(learners)} learners: their last 7 days, as of ${asOf}`,
    indented(learnersText),
    '',
    `4. What cohort ${cohort} used most in its last 7 days`,
    indented(itemsText),
    '',
    'Next, try',
    ...[
      `topics read learner-features --key ${learner} --data ${folder}`,
      `state get learner-engagement features/state ${learner} --data ${folder}`,
      `counts --data ${folder}`,
      'topology describe item-trends',
      'topology new my-first',
      '--help',
    ].map((line) => `   ${invocation()} ${line}`),
  ].join('\n');
}
