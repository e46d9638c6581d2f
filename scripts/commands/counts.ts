/** `skillforge counts`. */
import type { Command } from 'commander';
import { EXIT } from './exitCodes.js';
import { countText, print, printJson, tableText } from './output.js';
import { wordsOf } from './run.js';
import { countsOf, type SubtopologyCounts } from './reconciliation.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

const DESCRIPTION = `Compares what lies in the log with what the tasks counted, for each subtopology:

  in the log    records of its source partitions, markers left out
  waiting       those behind the first offset that is not processed
  processed     those before it
  counted       what the tasks counted as they took records
  repeated      those that were there before, and were passed over: their writer went back to an earlier state
  dead letters  what the tasks counted as sent there, and what lies there from them

It reconciles when "in the log" is "processed" and "waiting", "processed" is "counted" and "repeated", and the dead letters agree; exit code 1 when
not. What retention, compaction or an erasure removed cannot be counted any more: the line then says so, and is no failure.`;

/** Reconciles counts. */
export function countsCommand(): Command {
  return toolCommand('counts [topology]', 'reconcile the log with what was counted', DESCRIPTION, [
    'skillforge counts',
    'skillforge counts item-trends --json',
  ]).action(show);
}

async function show(topology: string | undefined, options: ToolOptions): Promise<void> {
  const counts = await readingTools(options, (tools) => countsOf(tools, topology, options.region));
  const reconciles = counts.every((one) => one.problems.length === 0);
  if (options.json) printJson({ reconciles, subtopologies: counts });
  else print(countsText(counts, reconciles));
  if (!reconciles) process.exitCode = EXIT.failed;
}

function countsText(counts: readonly SubtopologyCounts[], reconciles: boolean): string {
  if (counts.length === 0) return 'no topology has run here';
  const others = [...new Set(counts.flatMap((one) => Object.keys(one.counters)))].filter((name) => name !== 'records' && name !== 'deadLetters');
  const heading = ['subtopology', 'reads', 'in the log', 'waiting', 'processed', 'counted', 'dead letters', ...others.map(wordsOf), 'reconciles'];
  const rows = counts.map((one) => [
    one.subtopology,
    one.reads.join(' '),
    countText(one.inLog),
    countText(one.waiting),
    countText(one.processed),
    countText(one.counters.records),
    `${countText(one.counters.deadLetters)}/${countText(one.lettersInLog)}`,
    ...others.map((name) => countText((one.counters as unknown as Record<string, number>)[name] ?? 0)),
    one.problems.length > 0 ? 'NO' : one.uncountable.length > 0 ? 'partly' : 'yes',
  ]);
  const notes = counts.flatMap((one) => [
    ...one.problems.map((text) => `NO: ${one.subtopology}: ${text}`),
    ...one.uncountable.map((text) => `partly: ${one.subtopology}: ${text}`),
  ]);
  return [tableText(heading, rows), ...notes, reconciles ? 'everything reconciles' : 'the counts do NOT reconcile'].join('\n');
}
