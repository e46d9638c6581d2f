/**
 * `npm run demo:model`: trains the model that `skillforge start` decides with, on a synthetic school, into `models/demo`. With `-- --check` it
 * trains anew, compares the version with that of the bundle there and changes nothing: exit code 1 where they differ.
 */
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorMessageOf } from '../../schemas/index.js';
import { localTools } from '../../runtime/localTools.js';
import { recommendationsTopology } from '../../topologies/recommendations.js';
import { demoModel } from '../commands/demoModels.js';
import { readingFolder, withFolder } from '../commands/folder.js';
import { ProgressLine, type WorkDone } from '../commands/progressLine.js';
import { DAY_MS, DEFAULT_SCHOOL, type SchoolOptions } from '../school/index.js';
import { exportTraining } from '../training/trainingExport.js';
import { liveSchool, runToTheEnd } from './demoSchool.js';
import { pythonOf, runTrainer } from './python.js';

const DAYS = 28;
/** Another school than that of `skillforge start`, and over when that begins: a decision takes models of its past alone. */
const UNTIL_MS = DEFAULT_SCHOOL.startMs;
const SCHOOL: Partial<SchoolOptions> = { seed: 20, learners: 300, days: DAYS, eventsPerDay: 2_500, startMs: UNTIL_MS - DAYS * DAY_MS };
/** Of the decisions: so many are enough to learn from. */
const LOGGED_SHARE = 1 / 4;
/** As many as stay small. */
const TREES = 60;
const NOTE = `This bundle is the demonstration of SkillForge Streams: \`skillforge start\` decides with it, so that learned ranking can be seen without
training. It was learnt from a synthetic school (seed ${SCHOOL.seed}, ${DAYS} days) that is over when the school of \`start\` begins, and says nothing about
people. It has rankers and segments; factors, co-visits and embeddings are left out, which know items of one school. \`npm run demo:model\` makes it,
and with \`-- --check\` shows that it comes out the same. Do not serve real learners with it.`;

interface Trained {
  readonly version: string;
}

async function trained(work: string, out: string, onProgress: (work: WorkDone) => void): Promise<Trained> {
  const [data, training, retrieval] = [join(work, 'data'), join(work, 'training'), join(work, 'retrieval')];
  const { region } = DEFAULT_SCHOOL;
  const run = { models: null, onProgress };
  await liveSchool(data, SCHOOL, run);
  const recommendations = recommendationsTopology({ loggedShare: LOGGED_SHARE, decidedShare: LOGGED_SHARE, explorationShare: 0 });
  await withFolder(data, (storage) => runToTheEnd(storage, [recommendations], region, run));
  await readingFolder(data, (storage) => exportTraining(localTools(storage), { region, out: training, untilMs: UNTIL_MS }));
  const common = ['--export', training, '--until', String(UNTIL_MS)];
  const tell = (line: string): void => console.error(line);
  await runTrainer(['retrieval', ...common, '--parts', 'segments', '--out', retrieval], tell);
  return (await runTrainer(['ranker', ...common, '--retrieval', retrieval, '--trees', String(TREES), '--note', NOTE, '--out', out], tell)) as Trained;
}

/** Puts a bundle where another is: no reader finds half of one. */
function replace(bundle: string): void {
  const old = `${demoModel}.old`;
  rmSync(old, { recursive: true, force: true });
  try {
    renameSync(demoModel, old);
  } catch {
    // There is none yet.
  }
  renameSync(bundle, demoModel);
  rmSync(old, { recursive: true, force: true });
}

const versionThere = (): string => (JSON.parse(readFileSync(join(demoModel, 'manifest.json'), 'utf8')) as Trained).version;

async function main(compares: boolean): Promise<number> {
  pythonOf('trainer');
  const work = mkdtempSync(join(tmpdir(), 'skillforge-demo-'));
  // Beside its place, so that it can be moved there.
  const out = compares ? join(work, 'bundle') : `${demoModel}.new`;
  const line = new ProgressLine(false);
  try {
    rmSync(out, { recursive: true, force: true });
    const { version } = await trained(work, out, (done) => line.update(done));
    line.end();
    if (compares) return compared(version, versionThere());
    replace(out);
    console.log(`${demoModel}: version ${version}`);
    return 0;
  } finally {
    line.end();
    for (const folder of [work, out]) rmSync(folder, { recursive: true, force: true });
  }
}

function compared(version: string, there: string): number {
  if (version === there) console.log(`${demoModel}: version ${version}, as trained anew`);
  else console.error(`${demoModel} has version ${there}, and training gives ${version}: npm run demo:model`);
  return version === there ? 0 : 1;
}

/** Whether to compare alone: a slip of the pen must not train anew and replace the bundle. */
function isCheck(args: readonly string[]): boolean {
  const unknown = args.find((arg) => arg !== '--check');
  if (unknown !== undefined) throw new Error(`${unknown} is no argument of it: give --check, or nothing`);
  return args.length > 0;
}

try {
  process.exitCode = await main(isCheck(process.argv.slice(2)));
} catch (error) {
  console.error(`error: ${errorMessageOf(error)}`);
  process.exitCode = 1;
}
