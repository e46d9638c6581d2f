/** `skillforge evaluate`: the commands that measure what models and lists are worth. */
import type { Command } from 'commander';
import { evaluateIpsCommand } from './evaluateIps.js';
import { evaluateOuladCommand } from './evaluateOulad.js';
import { evaluateMasteryCommand } from './evaluateMastery.js';
import { evaluateSchoolCommand } from './evaluateSchool.js';
import { groupCommand } from './options.js';

/** The group with its members. */
export function evaluateCommand(): Command {
  return groupCommand('evaluate', 'measure what models and lists are worth', [
    evaluateOuladCommand(),
    evaluateIpsCommand(),
    evaluateMasteryCommand(),
    evaluateSchoolCommand(),
  ]);
}
