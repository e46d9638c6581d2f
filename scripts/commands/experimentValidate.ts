/** `skillforge experiment validate`. */
import type { Command } from 'commander';
import { experimentSource } from '../../runtime/experiments/index.js';
import { findingsIn } from '../experiments/payloadFindings.js';
import { EXIT } from './exitCodes.js';
import { plainCommand, type PlainOptions } from './options.js';
import { countedText, print, printJson, printable } from './output.js';

const DESCRIPTION = `Checks a GrowthBook payload as a run with --experiments does, and says of everything that is wrong where it stands, by line and column: values
that no decision could use, experiments without a key or with the old hash version, weights that make no whole. Exit code 1 where there is anything.`;

/** Checks a payload. */
export function experimentValidateCommand(): Command {
  return plainCommand('validate <payload>', 'check a payload', DESCRIPTION, [
    'skillforge experiment validate ./features.json',
    'skillforge experiment validate https://cdn.growthbook.io/api/features/sdk-abc123 --json',
  ]).action(validate);
}

async function validate(place: string, options: PlainOptions): Promise<void> {
  const findings = findingsIn(await experimentSource(place).read());
  if (options.json) printJson({ place, findings });
  else if (findings.length === 0) print(`${place} can be used`);
  else {
    const lines = findings.map(({ line, column, place: where, message }) => printable(`${place}:${line}:${column} ${where} ${message}`));
    print([...lines, countedText(findings.length, 'finding')].join('\n'));
  }
  if (findings.length > 0) process.exitCode = EXIT.failed;
}
