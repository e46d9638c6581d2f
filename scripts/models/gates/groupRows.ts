/** The groups of learners of a comparison, for whoever judges whether a version is fair. */
import { LISTS, type ListName } from '../../../operators/ports/ranker.js';
import { printable, tableText } from '../../commands/output.js';
import type { Comparison, Measured } from './comparison.js';
import { isWorse } from './statisticalGates.js';
import type { Bounds } from './thresholds.js';

/** A group of learners, and how a version ranks for it. */
export interface GroupRow {
  readonly list: ListName;
  readonly attribute: string;
  readonly value: string;
  /** `null` where the opponent had nothing right. */
  readonly measured: Measured | null;
  /** What the gate says: worse by more than the bound and beyond chance, or not. */
  readonly isWorse: boolean;
}

/** Every group that could be measured, the least good first. Groups that are too small are in none: they would tell of single learners. */
export function groupRows({ lists }: Comparison, bounds: Bounds): GroupRow[] {
  const rows = LISTS.flatMap((list) => lists[list].groups.map((group) => ({ list, ...group, isWorse: isWorse(group.measured, bounds) })));
  return rows.sort((a, b) => differenceOf(a) - differenceOf(b));
}

const differenceOf = ({ measured }: GroupRow): number => measured?.difference ?? -Infinity;

/** A table with its heading; nothing where there are no groups. */
export function groupsText(rows: readonly GroupRow[]): string[] {
  if (rows.length === 0) return [];
  const heading = ['list', 'group', 'learners', 'decisions', 'NDCG@10', 'before', 'difference', '95 % interval', 'verdict'];
  return [`by group of learners, the least good first:\n${tableText(heading, rows.map(cellsOf))}`];
}

function cellsOf({ list, attribute, value, measured, isWorse: worse }: GroupRow): string[] {
  const group = printable(`${attribute} ${value}`);
  if (measured === null) return [list, group, '', '', '', '', '', '', 'not measurable'];
  const { learners, decisions, candidate, opponent, difference, low, high } = measured;
  const interval = low === null || high === null ? 'unbounded' : `${percentText(low)} to ${percentText(high)}`;
  const counts = [String(learners), String(decisions)];
  return [list, group, ...counts, candidate.toFixed(4), opponent.toFixed(4), percentText(difference), interval, worse ? 'worse' : 'ok'];
}

const percentText = (share: number): string => `${share < 0 ? '' : '+'}${(100 * share).toFixed(1)} %`;
