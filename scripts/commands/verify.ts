/** `skillforge verify`. */
import type { Command } from 'commander';
import { verifyEmbedded } from '../../runtime/embedded/index.js';
import { EXIT } from './exitCodes.js';
import { folderCommand, type FolderOptions } from './options.js';
import { countText, print, printJson, secondsText } from './output.js';

const DESCRIPTION = `Reads the whole folder and compares every checksum: each page in use, each value, each record. Nothing is repaired. Exit code 1
when something is damaged. Stop a running "run" first: beside it, a page that was just reused looks damaged.`;

/** Verifies a folder. */
export function verifyCommand(): Command {
  return folderCommand('verify', 'check the folder for damage', DESCRIPTION, [
    'skillforge verify',
    'skillforge verify --data /backup/skillforge --json',
  ]).action(verify);
}

function verify(options: FolderOptions): void {
  const startMs = performance.now();
  const report = verifyEmbedded(options.data);
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) printJson({ ...report, seconds });
  else {
    for (const { code, message } of report.problems) print(`${code}: ${message}`);
    const read = `${countText(report.pages)} pages, ${countText(report.values)} values, ${countText(report.records)} records in ${secondsText(seconds)}`;
    print(
      report.problems.length === 0
        ? `sound: ${read}`
        : `DAMAGED in ${report.problems.length} ${report.problems.length === 1 ? 'place' : 'places'}: ${read}`,
    );
  }
  if (report.problems.length > 0) process.exitCode = EXIT.failed;
}
