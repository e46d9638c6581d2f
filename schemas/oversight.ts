/** What people decide about the recommender while it runs: measures for all, as records of a topic of their own, and what holds of them. */
import type { Control } from './generated/types.js';
import { controlKey } from './keys.js';

/** What a measure is about. */
export type MeasureTarget =
  /** `course: null` is the whole region. */
  | { readonly action: 'pause' | 'resume'; readonly course: string | null }
  | { readonly action: 'block' | 'unblock'; readonly item: string }
  /** `model` as records tell it, such as `ranker@3fa2b1c4d5e6`. */
  | { readonly action: 'kill' | 'revive'; readonly model: string };

/** Who took a measure, when and why. */
export interface Act {
  /** Unique: a record that is in the topic twice is one measure. */
  readonly id: string;
  /** By the clock of who wrote it, ms since epoch. */
  readonly madeAtMs: number;
  readonly region: string;
  readonly by: string;
  readonly reason: string;
}

/** A measure as the topic `measures` has it. */
export type Measure = Act & MeasureTarget;

const ACTIONS = ['pause', 'resume', 'block', 'unblock', 'kill', 'revive'] as const satisfies readonly MeasureTarget['action'][];

/** What an action is about: the name of its field. */
const TARGETS: Readonly<Record<MeasureTarget['action'], 'course' | 'item' | 'model'>> = {
  pause: 'course',
  resume: 'course',
  block: 'item',
  unblock: 'item',
  kill: 'model',
  revive: 'model',
};

/** The control record of a measure. @throws SFS_KEY_INVALID for an empty id */
export function controlOfMeasure({ id, madeAtMs, region, ...said }: Measure): Control {
  const kind = said.action === 'pause' || said.action === 'resume' ? 'PAUSE' : 'RESTRICTION';
  const nothing = { topology: null, topologyVersion: null, subtopology: null, partition: null, channel: null, position: null, clockMs: null };
  return { id: controlKey(id), kind, madeAtMs, region, ...nothing, payload: JSON.stringify(said) };
}

/** The measure in a control record; `null` for records of other kinds, and for actions that this version does not know. */
export function measureIn({ id, kind, madeAtMs, region, payload }: Control): Measure | null {
  if ((kind !== 'PAUSE' && kind !== 'RESTRICTION') || payload === null) return null;
  const said = parsed(payload);
  const action = ACTIONS.find((one) => one === said?.['action']);
  if (said === null || action === undefined) return null;
  const target = said[TARGETS[action]];
  if (typeof target !== 'string' && !(target === null && TARGETS[action] === 'course')) return null;
  const act = { id, madeAtMs, region, by: textOf(said['by']), reason: textOf(said['reason']) };
  return { ...act, action, [TARGETS[action]]: target } as unknown as Measure;
}

function parsed(payload: string): Readonly<Record<string, unknown>> | null {
  try {
    const said: unknown = JSON.parse(payload);
    return typeof said === 'object' && said !== null ? (said as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What holds, sorted: equal states have equal texts. */
export interface MeasuresInForce {
  /** Whether the whole region is paused. */
  readonly paused: boolean;
  readonly pausedCourses: readonly string[];
  readonly blockedItems: readonly string[];
  readonly killedModels: readonly string[];
}

/** Nothing is decided otherwise than by itself. */
export const NO_MEASURES: MeasuresInForce = { paused: false, pausedCourses: [], blockedItems: [], killedModels: [] };

/** What holds after one more measure. To end the pause of a region ends that of no course that is paused for itself. */
export function withMeasure(before: MeasuresInForce, measure: MeasureTarget): MeasuresInForce {
  switch (measure.action) {
    case 'pause':
    case 'resume': {
      const isOn = measure.action === 'pause';
      if (measure.course === null) return { ...before, paused: isOn };
      return { ...before, pausedCourses: changed(before.pausedCourses, measure.course, isOn) };
    }
    case 'block':
    case 'unblock':
      return { ...before, blockedItems: changed(before.blockedItems, measure.item, measure.action === 'block') };
    case 'kill':
    case 'revive':
      return { ...before, killedModels: changed(before.killedModels, measure.model, measure.action === 'kill') };
  }
}

const changed = (names: readonly string[], name: string, isIn: boolean): readonly string[] =>
  [...new Set([...names.filter((one) => one !== name), ...(isIn ? [name] : [])])].sort();

/** What holds as text; the empty text for nothing. */
export const measuresText = (measures: MeasuresInForce): string => {
  const { paused, pausedCourses, blockedItems, killedModels } = measures;
  const isNothing = !paused && pausedCourses.length + blockedItems.length + killedModels.length === 0;
  return isNothing ? '' : JSON.stringify({ paused, pausedCourses, blockedItems, killedModels });
};

/** The other way round. */
export const measuresInText = (text: string): MeasuresInForce => (text === '' ? NO_MEASURES : { ...NO_MEASURES, ...(JSON.parse(text) as object) });

/** What holds, for quick questions. */
export class Oversight {
  private readonly courses: ReadonlySet<string>;
  private readonly items: ReadonlySet<string>;
  private readonly models: ReadonlySet<string>;

  constructor(readonly measures: MeasuresInForce) {
    this.courses = new Set(measures.pausedCourses);
    this.items = new Set(measures.blockedItems);
    this.models = new Set(measures.killedModels);
  }

  /** Whether a course is paused, by itself or with the region. @param course - `null`: whether the whole region is */
  isPaused(course: string | null): boolean {
    return this.measures.paused || (course !== null && this.courses.has(course));
  }

  isBlocked(item: string): boolean {
    return this.items.has(item);
  }

  /** Whether a model is killed; of a version of several parts, such as `formula-2+recommender@0123456789ab`, whether any part is. */
  isKilled(model: string): boolean {
    if (this.models.size === 0) return false;
    return this.models.has(model) || model.split('+').some((part) => this.models.has(part));
  }

  /** Whether any item is blocked. */
  get blocksItems(): boolean {
    return this.items.size > 0;
  }
}

/** Without any measure. */
export const NO_OVERSIGHT = new Oversight(NO_MEASURES);
