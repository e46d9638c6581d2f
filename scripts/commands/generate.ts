/** `skillforge generate`. */
import type { Command } from 'commander';
import { clicksPerDayFor, DEFAULT_SYNTHETIC_OPTIONS, type SyntheticOptions } from '../synthetic/index.js';
import { writingFolder } from './folder.js';
import { folderCommand, wholeNumber, type FolderOptions } from './options.js';
import { countText, print, printJson, secondsText } from './output.js';
import { ProgressLine } from './progressLine.js';
import { importSyntheticClicks } from './syntheticImport.js';

interface GenerateOptions extends FolderOptions {
  readonly learners: number;
  readonly days: number;
  readonly seed: number;
  readonly events?: number;
}

const DEFAULTS = DEFAULT_SYNTHETIC_OPTIONS;

const DESCRIPTION = `Writes the clicks of a school that does not exist into the topic clicks: sessions, habits, popular items, learners who stop. The same
options give the same clicks; repeating a call adds nothing, and one that was cut off is completed. Another --seed adds another school.`;

/** Generates clicks. */
export function generateCommand(): Command {
  return folderCommand('generate', 'write synthetic clicks into the folder', DESCRIPTION, [
    'skillforge generate',
    'skillforge generate --learners 5000 --days 28 --events 1000000 --seed 7',
  ])
    .option('--learners <n>', 'learners in all', wholeNumber(1), DEFAULTS.learners)
    .option('--days <n>', 'days, the first one 2025-09-01', wholeNumber(1), DEFAULTS.days)
    .option('--seed <n>', 'another seed gives other clicks of the same kind', wholeNumber(-Infinity), DEFAULTS.seed)
    .option('--events <n>', 'clicks in all; the last days may have few of them (default: 5000 a day)', wholeNumber(1))
    .action(generate);
}

async function generate(options: GenerateOptions): Promise<void> {
  const startMs = performance.now();
  const result = await writingFolder(options.data, options.json === true, async (storage) => {
    const line = new ProgressLine(options.json === true);
    const generated = await importSyntheticClicks(storage, syntheticFrom(options), options.events ?? null, (done, total) =>
      line.update({ what: 'generating', done, total, unit: 'clicks' }),
    );
    line.end();
    return generated;
  });
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) return printJson({ summary: { ...result, seconds } });
  const { written, alreadyThere } = result;
  print(
    `wrote ${countText(written)} clicks in ${secondsText(seconds)}` + (alreadyThere > 0 ? `; ${countText(alreadyThere)} were there already` : ''),
  );
}

function syntheticFrom({ learners, days, seed, events, region }: GenerateOptions): Partial<SyntheticOptions> {
  const clicksPerDay = events === undefined ? DEFAULTS.clicksPerDay : clicksPerDayFor(events, { startMs: DEFAULTS.startMs, days });
  return { learners, days, seed, region, clicksPerDay };
}
