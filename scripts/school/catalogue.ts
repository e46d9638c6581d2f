/** What the catalogue says of a presentation. */
import type { CatalogueItem } from '../../schemas/index.js';
import { SKILLS } from './layout.js';
import { sigmoid } from './numbers.js';
import type { Presentation } from './presentation.js';

/** Time that items take, in turn. Unit: minutes. */
const MINUTES = [10, 15, 20, 30, 45] as const;

/**
 * Statements in ascending time: all items when enrolment opens, electives that come later when they appear, withdrawn ones when they go.
 * Tastes and bursts are not told.
 */
export function catalogueOf(presentation: Presentation, region: string): CatalogueItem[] {
  const { ids, electives, layout, announcedMs } = presentation;
  const added = ids.map((_, item) => {
    const appearsMs = layout.isElective(item) ? electives[item - layout.core]!.appearsMs : announcedMs;
    return itemOf(presentation, item, region, appearsMs);
  });
  const withdrawn = electives
    .filter(({ withdrawnMs }) => withdrawnMs < Infinity)
    .map(({ item, withdrawnMs }) => ({ ...added[item]!, withdrawn: true, updatedAtMs: withdrawnMs }));
  return [...added, ...withdrawn].sort((a, b) => a.updatedAtMs - b.updatedAtMs);
}

function itemOf(presentation: Presentation, item: number, region: string, updatedAtMs: number): CatalogueItem {
  const { ids, kinds, course, layout } = presentation;
  const { title, text } = wordsOf(presentation, item);
  return {
    item: ids[item]!,
    course,
    kind: kinds[item]!,
    title,
    text,
    ...(layout.isCore(item) ? coreOf(presentation, item) : NO_CORE),
    durationMinutes: MINUTES[item % MINUTES.length]!,
    availableUntilMs: null,
    region,
    withdrawn: false,
    updatedAtMs,
    position: item,
  };
}

type Core = Pick<CatalogueItem, 'skills' | 'prerequisites' | 'difficulty' | 'availableFromMs' | 'plannedFromMs' | 'plannedUntilMs'>;

const NO_CORE: Core = { skills: [], prerequisites: [], difficulty: null, availableFromMs: null, plannedFromMs: null, plannedUntilMs: null };

function coreOf(presentation: Presentation, item: number): Core {
  const { ids, layout, difficulties } = presentation;
  return {
    skills: [skillName(presentation, layout.skillOf(item))],
    prerequisites: item === 0 ? [] : [ids[item - 1]!],
    difficulty: sigmoid(difficulties[item]!),
    availableFromMs: presentation.unitOpensMs(layout.unitOf(item)),
    plannedFromMs: presentation.unitOpensMs(layout.unitOf(item)),
    plannedUntilMs: presentation.unitDueMs(layout.unitOf(item)),
  };
}

/** Name of a skill of the presentation's course; the same in all its rounds. */
export const skillName = ({ subject }: Presentation, skill: number): string => `${subject}-${SKILLS[skill]!}`;

function wordsOf({ subject, kinds, layout }: Presentation, item: number): Pick<CatalogueItem, 'title' | 'text'> {
  const name = `${subject.charAt(0).toUpperCase()}${subject.slice(1)}`;
  const kind = kinds[item]!;
  if (layout.isElective(item)) {
    const title = `${name} extra ${item - layout.core + 1}: ${kind}`;
    return { title, text: `${title}, outside of the units` };
  }
  if (!layout.isCore(item)) return { title: `${name}: ${kind}`, text: '' };
  const unit = layout.unitOf(item);
  const place = kind === 'exercise' ? ` ${item - layout.firstItemOf(unit)}` : '';
  return { title: `${name} unit ${unit + 1}: ${kind}${place}`, text: `${kind} on ${SKILLS[layout.skillOf(item)]!} in ${subject}` };
}
