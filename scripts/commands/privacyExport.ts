/** `skillforge privacy export`. */
import type { Command } from 'commander';
import { learnerId } from '../../schemas/index.js';
import { assertFolder } from '../privacy/erasure/saga.js';
import { writeExport } from '../privacy/exportFile.js';
import { exportLearner } from '../privacy/learnerExport.js';
import { placeCommand, withInstallation, type PlaceOptions } from './erasureOptions.js';
import { print, printJson } from './output.js';

interface ExportOptions extends PlaceOptions {
  readonly out?: string;
}

const DESCRIPTION = `Writes everything that an installation holds of a learner as JSON lines (GDPR articles 15 and 20): from every store of the inventory, decoded.
After the lines of a store one says how many there were; a store that was not looked into says why. LEARNER is a pseudonym. Works beside a running "run". With --kafka
and --redis it tells what a region on servers holds, beside its workers; the region needs data keys.`;

/** Exports a learner's data. */
export function privacyExportCommand(): Command {
  return placeCommand('export <learner>', 'write all that is held of a learner', DESCRIPTION, [
    'skillforge privacy export learner-7',
    'skillforge privacy export learner-7 --out ./learner-7.jsonl --also ./training',
  ])
    .option('--out <file>', 'file to write; it appears when it is whole. By default standard output')
    .action(exportAll);
}

async function exportAll(learner: string, options: ExportOptions): Promise<void> {
  await withInstallation(options, async (installation) => {
    if (installation.servers === undefined) assertFolder(installation);
    const lines = exportLearner(installation, learnerId(learner));
    if (options.out === undefined) {
      for await (const line of lines) printJson(line);
      return;
    }
    const found = await writeExport(lines, options.out);
    if (options.json) printJson({ out: options.out, found });
    else print(`${found} found, written to ${options.out}`);
  });
}
