/** `skillforge model shadow`. */
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { LISTS } from '../../operators/ports/ranker.js';
import { SkillForgeError } from '../../schemas/index.js';
import { ALIASES, type Alias, type ModelRegistry, type RegisteredVersion } from '../../runtime/models/registry/index.js';
import { openModels } from '../../runtime/models/index.js';
import { OnnxRanker } from '../../runtime/models/onnxRanker.js';
import { withBundleOf } from '../models/lentBundle.js';
import { Shadow, firstPosition, type Candidate } from '../models/shadow/shadow.js';
import { readPosition, writePosition, type ShadowPosition } from '../models/shadow/shadowFile.js';
import { reportOf, type ListReport, type ShadowReport } from '../models/shadow/tally.js';
import { modelRegistryOption, openedRegistry, type ModelRegistryOptions } from './modelRegistryOptions.js';
import { countText, countedText, print, printJson, tableText, timeText } from './output.js';
import { ProgressLine } from './progressLine.js';
import { untilStopped } from './stopSignals.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

interface ShadowOptions extends ToolOptions, Pick<ModelRegistryOptions, 'modelRegistry'> {
  readonly alias: Alias;
  readonly state?: string;
  readonly untilEnd?: true;
  readonly record?: true;
}

/** What is printed, and kept with the version. */
interface ToldReport extends ShadowReport {
  readonly number: string;
  readonly model: string;
}

const DESCRIPTION = `Ranks live decisions with a version that does not decide, and tells how its lists differ from those that learners got. It reads the feature log,
beside whoever writes it, and has no part in any decision: neither their time nor their results can depend on it.

  overlap   share of the first 10 of the list that was shown which the version has among its first 10
  rbo       the same with more weight on the first places (rank-biased overlap, 0.9)
  decided   both, between the version and the scores of the model that decided: what the policy changed is not in it
  scores    of the version: mean, deviation, and the population stability index against training

The log has one in eight decisions. Goes on where it was: position and sums stand in a file. Follows the log until Ctrl+C.`;

const POLL_MS = 500;

/** Ranks in the shadow of what decides. */
export function modelShadowCommand(): Command {
  return toolCommand('shadow', 'rank live decisions with a version that does not decide', DESCRIPTION, [
    'skillforge model shadow --until-end',
    'skillforge model shadow --until-end --record --json',
    'skillforge model shadow --kafka localhost:9092 --redis redis://localhost:6379 --model-registry http://localhost:5000',
  ])
    .addOption(modelRegistryOption())
    .addOption(new Option('--alias <name>', 'the version that this alias points to').choices(ALIASES).default('staging'))
    .option('--state <file>', 'where position and sums are kept (default: shadow/<bundle>.json in --data)')
    .option('--until-end', 'stop at the end of what there is')
    .option('--record', 'keep the report with the version, as its tag shadow.report')
    .action(shadow);
}

async function shadow(options: ShadowOptions): Promise<void> {
  const registry = openedRegistry(options);
  const version = await registry.at(options.alias);
  if (version === null) throw new SkillForgeError('SFS_MODEL_MISSING', `the alias ${options.alias} points to no version of ${registry.place}`);
  const report = await withCandidate(registry, version, options.region, (candidate) => follow(candidate, version, options));
  if (options.record) await registry.tag(version.number, { 'shadow.report': JSON.stringify(report) });
  if (options.json) printJson(report);
  else print(reportText(report));
}

/** Opens the bundle of a version as a run does. @throws SFS_MODEL_MISSING where it has no rankers; what fetching and opening throw */
function withCandidate<T>(
  registry: ModelRegistry,
  { number }: RegisteredVersion,
  region: string,
  work: (candidate: Candidate) => Promise<T>,
): Promise<T> {
  return withBundleOf(registry, number, async (folder) => {
    await using models = await openModels(folder, { region });
    const { ranker } = models.at(models.manifests[0]!.trainedUntilMs);
    if (!(ranker instanceof OnnxRanker))
      throw new SkillForgeError('SFS_MODEL_MISSING', `version ${number} has no rankers: there is nothing to rank with`);
    return await work({ ranker, reference: ranker.reference });
  });
}

async function follow(candidate: Candidate, version: RegisteredVersion, options: ShadowOptions): Promise<ToldReport> {
  const path = options.state ?? join(options.data, 'shadow', `${version.bundleVersion}.json`);
  const log = options.kafka ?? resolve(options.data);
  const position = readPosition(path, log, candidate.ranker.version) ?? firstPosition(log, candidate);
  const line = new ProgressLine(options.json === true);
  const keep = (now: ShadowPosition): void => {
    writePosition(path, now);
    line.update({ what: 'shadow', done: now.tally.decisions, total: null, unit: 'decisions' });
  };
  try {
    await untilStopped((stopped) =>
      readingTools(options, async (tools) => {
        const running = new Shadow(tools, options.region, candidate, position);
        for (;;) {
          await running.pass(keep, stopped);
          if (options.untilEnd || stopped.aborted) return;
          await sleep(POLL_MS, undefined, { signal: stopped }).catch(() => undefined);
        }
      }),
    );
  } finally {
    line.end();
  }
  return { number: version.number, model: candidate.ranker.version, ...reportOf(position.tally, candidate.reference) };
}

function reportText(report: ToldReport): string {
  const { number, model, decisions, rows, otherFeatures, otherRegion = 0, firstMs, lastMs, decidedBy, lists } = report;
  const by = Object.entries(decidedBy).map(([name, count]) => `${name} ${countText(count)}`);
  const other = otherFeatures === 0 ? '' : `; ${countedText(otherFeatures, 'decision')} by other features left out`;
  const foreign = otherRegion === 0 ? '' : `; ${countedText(otherRegion, 'decision')} of another region left out`;
  const table = LISTS.map((list) => [list, ...(lists[list] === null ? [] : listCells(lists[list]))]);
  return [
    `version ${number} (${model}) over ${countedText(decisions, 'decision')} with ${countedText(rows, 'row')}, ${timeText(firstMs)} to ${timeText(lastMs)}${other}${foreign}`,
    `decided by: ${by.length === 0 ? 'nobody yet' : by.join(', ')}`,
    '',
    tableText(['list', 'lists', 'overlap', 'rbo', 'decided overlap', 'decided rbo', 'score mean', 'score deviation', 'score psi'], table),
  ].join('\n');
}

function listCells({ lists, overlap, rbo, decidedOverlap, decidedRbo, scores }: ListReport): string[] {
  const figures = [overlap, rbo, decidedOverlap, decidedRbo, scores?.mean, scores?.deviation, scores?.psi];
  return [countText(lists), ...figures.map((figure) => (figure === undefined || figure === null ? '-' : figure.toFixed(3)))];
}
