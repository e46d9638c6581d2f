/** Tables of an evaluation, for people. */
import { countText, secondsText, tableText } from '../commands/output.js';
import { YARDSTICK } from './baselines.js';
import type { AblationRow, CaseResult, ProtocolResult } from './ouladCase.js';
import type { MissedGaps, OverCuts } from './overCuts.js';
import type { GroupScores, NewcomerScores, Protocol } from './scoring.js';
import type { Cut } from './ouladTruth.js';

const number = (value: number): string => value.toFixed(4);
const percent = (value: number): string => `${value < 0 ? '' : '+'}${(100 * value).toFixed(1)}%`;
const range = ([low, high]: readonly [number, number], text: (value: number) => string): string => `${text(low)} to ${text(high)}`;

/** Where a cut is, in words. */
export const cutText = ({ module, presentation, day }: Cut): string => `${module}-${presentation}, day ${day}`;

const TITLES: Readonly<Record<Protocol, string>> = {
  any: 'everything opened in the next 7 days (list next)',
  new: 'what was not opened before (list new)',
};

/** One protocol of a case. */
export function protocolText(cut: Cut, result: ProtocolResult): string {
  const { protocol, learners, systems, gain, groups, newcomers } = result;
  const rows = systems.map(({ system, ndcg, recall, hit, reciprocalRank, coverage }) => [
    system === YARDSTICK ? `${system} (yardstick)` : system,
    ...[ndcg, recall, hit, reciprocalRank, coverage].map(number),
  ]);
  return [
    `${cutText(cut)}: ${TITLES[protocol]}, ${countText(learners)} learners`,
    tableText(['system', 'NDCG@10', 'recall@20', 'hit@10', 'MRR', 'coverage'], rows),
    `gain in NDCG@10 over the yardstick: ${percent(gain.gain)} (95 %: ${range(gain.interval, percent)})`,
    newcomers === null ? 'no learner is in their first seven days' : newcomerText(newcomers),
    ...(groups.length === 0 ? [] : [groupText(groups)]),
  ].join('\n');
}

const newcomerText = ({ learners, ours, yardstick }: NewcomerScores): string =>
  `learners in their first seven days: ${countText(learners)}, NDCG@10 ${number(ours)}, yardstick ${number(yardstick)}`;

function groupText(groups: readonly GroupScores[]): string {
  const rows = groups.flatMap(({ grouping, groups: members, ours, yardstick }) => [
    ...members.map((one) => [grouping, one.group, countText(one.learners), number(one.ours), number(one.yardstick)]),
    [grouping, 'gap', '', number(ours.gap), number(yardstick.gap)],
    [grouping, '95 % of the gap', '', range(ours.interval, number), range(yardstick.interval, number)],
  ]);
  return tableText(['by', 'group', 'learners', 'NDCG@10', 'yardstick'], rows);
}

/** What each variant reaches. */
export function ablationText(cut: Cut, rows: readonly AblationRow[]): string {
  const [whole] = rows;
  const cells = rows.map(({ variant, ndcg }) => [
    variant,
    number(ndcg.any),
    percent(ndcg.any / whole!.ndcg.any - 1),
    number(ndcg.new),
    percent(ndcg.new / whole!.ndcg.new - 1),
  ]);
  return [`${cutText(cut)}: NDCG@10 of variants`, tableText(['variant', 'any', 'change', 'new', 'change'], cells)].join('\n');
}

/** How long the steps took. */
export const stepsText = ({ steps }: CaseResult): string => steps.map(({ name, seconds }) => `${name}: ${secondsText(seconds)}`).join('\n');

/** All cases in one table, with the means of the relative gains. */
export function summaryText(cases: readonly CaseResult[]): string {
  const rowOf = ({ cut, protocols }: CaseResult): string[] => [
    cutText(cut),
    ...(['any', 'new'] as const).flatMap((protocol) => {
      const { systems, gain } = protocols[protocol];
      const ndcgOf = (name: string): number => systems.find(({ system }) => system === name)!.ndcg;
      return [number(systems[0]!.ndcg), number(ndcgOf(YARDSTICK)), percent(gain.gain)];
    }),
  ];
  const meanOf = (protocol: Protocol): string => percent(cases.reduce((sum, one) => sum + one.protocols[protocol].gain.gain, 0) / cases.length);
  const rows = [...cases.map(rowOf), ['mean', '', '', meanOf('any'), '', '', meanOf('new')]];
  return tableText(['case', 'next', 'yardstick', 'gain', 'new', 'yardstick', 'gain'], rows);
}

/** What the cuts say together, of groups of learners and of newcomers. */
export function overCutsText({ courses, single, together, newcomers }: OverCuts): string {
  const missed = ({ missed: count, gaps }: MissedGaps): string => `${count} of ${gaps}`;
  const tables = courses.map(({ module, presentation, protocol, cuts, learners, groups }) =>
    [`${module}-${presentation}, ${cuts} cuts together: ${TITLES[protocol]}, ${countText(learners)} learners`, groupText(groups)].join('\n'),
  );
  const lines = [
    `gaps above 0.05 and the yardstick's own: ${missed(single)} of single cuts, ${missed(together)} of cuts together`,
    ...(['any', 'new'] as const).flatMap((protocol) => {
      const found = newcomers[protocol];
      return found === null ? [] : [`${TITLES[protocol]}: ${newcomerText(found)}`];
    }),
  ];
  return [...tables, lines.join('\n')].join('\n\n');
}
