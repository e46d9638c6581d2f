/** `skillforge evaluate oulad`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { ablationText, cutText, overCutsText, protocolText, stepsText, summaryText } from '../evaluation/evaluationText.js';
import { cutMsOf, evaluateCase, type CaseResult } from '../evaluation/ouladCase.js';
import { overCuts } from '../evaluation/overCuts.js';
import type { Prepared } from '../evaluation/productionFlow.js';
import type { Cut } from '../evaluation/ouladTruth.js';
import type { Protocol } from '../evaluation/scoring.js';
import { WorkFolder } from '../evaluation/workFolder.js';
import { firstEpochDay } from '../oulad/index.js';
import { usageError } from './failures.js';
import { PartialFile } from './partialFile.js';
import { plainCommand, regionOption, wholeNumber, type PlainOptions } from './options.js';
import { print, printJson } from './output.js';
import { ProgressLine } from './progressLine.js';

interface EvaluateOptions extends PlainOptions {
  readonly module?: string;
  readonly presentation?: string;
  readonly cutDay?: number;
  readonly cases?: readonly Cut[];
  readonly new?: true;
  readonly ablation?: true;
  readonly export?: string;
  readonly work?: string;
  readonly region: string;
}

const DESCRIPTION = `Measures the recommender on the Open University data set: what lies up to the end of the cut day, of all presentations, goes the way of
production (import, topologies, training, decisions), and the lists are compared with what learners opened in the 7 days after it. Nothing is
sampled, and nothing after the cut is read by training or by decisions.

The table has our lists, the yardstick (items by events of the last 7 days, one list for all) and other baselines, the gaps between groups
of learners with bootstrap intervals, and those in their first seven days. --new counts only what a learner had not opened before. Training
needs the Python packages of "npm run ml:setup".

It works in a temporary folder; with --work in one that is kept, where a repeated call goes on. --cases measures several cuts one after
the other and ends with a table of all, and with the groups of a course over all of its cuts; one that is not earlier in the calendar goes on from the one before it, which is faster.`;

/** Evaluates on the OULAD data. */
export function evaluateOuladCommand(): Command {
  return plainCommand('oulad <dir>', 'measure the recommender on the OULAD data set', DESCRIPTION, [
    'skillforge evaluate oulad ./oulad --module AAA --presentation 2014J --cut-day 60',
    'skillforge evaluate oulad ./oulad --module AAA --presentation 2014J --cut-day 60 --new --export ./new.jsonl',
    'skillforge evaluate oulad ./oulad --cases AAA-2014J@60,AAA-2014J@90,BBB-2013B@60 --work ./evaluation --json',
  ])
    .option('--module <code>', 'module, such as AAA')
    .option('--presentation <code>', 'presentation, such as 2014J')
    .option('--cut-day <n>', 'last day that is known, counted from the start of the presentation', wholeNumber(-Infinity))
    .option('--cases <cases>', 'several cuts instead, as MODULE-PRESENTATION@DAY with commas between', casesOf)
    .option('--new', 'score the list of what was not opened before; by default the list of everything')
    .option('--ablation', 'also measure it without each of its parts: takes much longer')
    .option('--export <file>', 'write the lists that are scored as JSON lines: {"learner_id":"…","items":["…"]}')
    .option('--work <dir>', 'work in this folder and keep it; finished steps are not repeated')
    .addOption(regionOption())
    .action(evaluate);
}

const CASE = /^([^@]+)-([^-@]+)@(-?\d+)$/;

function casesOf(text: string): Cut[] {
  return text.split(',').map((one) => {
    const [, module, presentation, day] = CASE.exec(one.trim()) ?? [];
    if (module === undefined || presentation === undefined) throw new InvalidArgumentError('Give MODULE-PRESENTATION@DAY, such as AAA-2014J@60.');
    return { module, presentation, day: Number(day) };
  });
}

async function evaluate(data: string, options: EvaluateOptions): Promise<void> {
  const cuts = cutsOf(options);
  const results: CaseResult[] = [];
  const folders = new CaseFolders(options);
  try {
    for (const cut of cuts) {
      const result = await evaluateOne(folders.of(cut), data, cut, earlierOf(results.at(-1), cut), options);
      folders.done(cut);
      results.push(result);
      tell(result, options);
    }
  } finally {
    folders.close();
  }
  if (results.length > 1) tellTogether(results, options);
}

/** What the cut before this one left, where this one can go on from it: it is another one, and not later in calendar time. */
function earlierOf(before: CaseResult | undefined, cut: Cut): Prepared | null {
  const canGoOn = before !== undefined && nameOf(before.cut) !== nameOf(cut) && cutMsOf(before.cut) <= cutMsOf(cut);
  return canGoOn ? before.prepared : null;
}

/** The cuts that the options name. @throws SFS_USAGE */
function cutsOf({ module, presentation, cutDay, cases, export: file }: EvaluateOptions): readonly Cut[] {
  const named = [module, presentation, cutDay].filter((option) => option !== undefined).length;
  if (cases === undefined ? named < 3 : named > 0) throw usageError('give --module, --presentation and --cut-day, or --cases instead of them');
  const cuts = cases ?? [{ module: module!, presentation: presentation!, day: cutDay! }];
  const unknown = cuts.find((cut) => firstEpochDay(cut.presentation) === null);
  if (unknown !== undefined) throw usageError(`presentation ${unknown.presentation} is not a year with B or J, such as 2014J`);
  if (file !== undefined && cuts.length > 1) throw usageError('--export writes the lists of one cut, but --cases names several');
  return cuts;
}

/** Name of the folder of a case. */
const nameOf = ({ module, presentation, day }: Cut): string => `${module}-${presentation}-${day}`;

/** A folder for each case: kept in the place that the user names; else temporary, each until the next case has gone on from it. */
class CaseFolders {
  private readonly root: string;
  private last: string | null = null;

  constructor(private readonly options: Pick<EvaluateOptions, 'work' | 'json'>) {
    this.root = options.work ?? mkdtempSync(join(tmpdir(), 'skillforge-evaluate-'));
  }

  of(cut: Cut): WorkFolder {
    return new WorkFolder(join(this.root, nameOf(cut)), (step) => {
      if (!this.options.json) process.stderr.write(`${cutText(cut)}: ${step}\n`);
    });
  }

  done(cut: Cut): void {
    const folder = join(this.root, nameOf(cut));
    if (this.options.work === undefined && this.last !== null && this.last !== folder) rmSync(this.last, { recursive: true, force: true });
    this.last = folder;
  }

  close(): void {
    if (this.options.work === undefined) rmSync(this.root, { recursive: true, force: true });
  }
}

async function evaluateOne(work: WorkFolder, data: string, cut: Cut, from: Prepared | null, options: EvaluateOptions): Promise<CaseResult> {
  const line = new ProgressLine(options.json === true);
  // A place that cannot be written shows now, not when all is measured.
  const file = options.export === undefined ? null : await PartialFile.open(options.export);
  try {
    const flow = { data, region: options.region, onProgress: (progress: Parameters<ProgressLine['update']>[0]) => line.update(progress) };
    const result = await evaluateCase(work, cut, from, flow, options.ablation === true);
    await file?.add([...result.lists[options.new ? 'new' : 'next']].map(([learner_id, items]) => ({ learner_id, items })));
    await file?.finish();
    return result;
  } catch (error) {
    await file?.discard();
    throw error;
  } finally {
    line.end();
  }
}

function tell(result: CaseResult, options: EvaluateOptions): void {
  const protocol: Protocol = options.new ? 'new' : 'any';
  const { cut, protocols, ablation, steps } = result;
  // Of several cuts both protocols are of use: the summary has both.
  const shown = options.cases === undefined ? [protocols[protocol]] : [protocols.any, protocols.new];
  if (options.json) return printJson({ evaluation: { ...cut, protocols: shown, ablation, steps } });
  const parts = [...shown.map((one) => protocolText(cut, one)), ...(ablation === null ? [] : [ablationText(cut, ablation)]), stepsText(result)];
  print(`${parts.join('\n\n')}\n`);
}

function tellTogether(results: readonly CaseResult[], options: EvaluateOptions): void {
  const together = overCuts(results);
  if (options.json) return printJson({ overCuts: together });
  print(`${summaryText(results)}\n${overCutsText(together)}\n`);
}
