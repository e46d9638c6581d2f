import type { Experiments } from '../../operators/ports/experiments.js';
import type { Model, Models } from '../../operators/ports/models.js';
import { formulaModels } from '../../operators/recommend/formulaModels.js';
import { NO_OVERSIGHT, type Oversight } from '../../schemas/index.js';
import { partitionName } from '../partitionName.js';
import type { TaskPosition } from '../ports.js';
import type { Adoption, CurrentExperiments, CurrentModel, FollowedModels, ModelRef } from './followedModels.js';
import { ModelAwaited } from './modelAwaited.js';
import type { ModelProgress, TaskProgress } from './progress.js';

/** What the models of a task are made of. */
export interface TaskModelsSetting {
  readonly followed: FollowedModels;
  readonly task: string;
  readonly progress: TaskProgress;
  /** The first look that is believed: another process may have seen more than one that began before the task did. */
  readonly firstLook: number;
  /** The same of looks at experiments; 1 unless given. */
  readonly firstLookAtExperiments?: number;
  /** The same of looks at what people decided; 1 unless given. */
  readonly firstLookAtOversight?: number;
  /** It turns to no other model by itself. */
  readonly isFixed: boolean;
}

/**
 * The models of one task, by event time. What decides is a function of the adoptions and of what was decided before, never of when a model came:
 * an adoption counts from an event time on that the task has not decided about, and whoever computes it again has all adoptions from the beginning.
 *
 * A decision takes the last adoption whose time has come by the greatest event time that was decided so far: one that is late takes no older
 * model, so that what an adoption replaced is forgotten.
 */
export class TaskModels implements Models {
  /** Adoptions that the log does not have yet, with their numbers. */
  private untold: { readonly adoption: Adoption; readonly count: number }[] = [];
  private markedMs = -Infinity;
  /** The last model that was put under experiments: the next decision nearly always asks for the same one. */
  private under: { readonly model: Model; readonly experiments: Experiments | null; readonly oversight: Oversight; readonly made: Model } | null =
    null;

  constructor(private readonly setting: TaskModelsSetting) {}

  /** @throws a {@link ModelAwaited} where the model has to be opened first */
  at(timeMs: number): Model {
    const models = this.progress ?? this.begin();
    models.decidedMs = Math.max(models.decidedMs, timeMs);
    const adopted = deciding(models);
    if (adopted === undefined) return this.modelOf(null, timeMs, NO_OVERSIGHT);
    const oversight = this.oversightOf(adopted);
    const experiments = this.experimentsOf(adopted);
    const model = this.modelOf(adopted.model, timeMs, oversight);
    return experiments === null && oversight === NO_OVERSIGHT ? model : this.underAll(model, experiments, oversight);
  }

  private oversightOf({ oversight }: Adoption): Oversight {
    return oversight === undefined ? NO_OVERSIGHT : (this.setting.followed.oversight?.read(oversight) ?? NO_OVERSIGHT);
  }

  /** A run that follows no experiments decides under none, whatever one before it did. */
  private experimentsOf({ experiments }: Adoption): Experiments | null {
    return experiments === undefined ? null : (this.setting.followed.experiments?.read(experiments) ?? null);
  }

  /** A model that was killed decides about nothing: in its place what decides without one, and where that is killed too, the formula. */
  private modelOf(ref: ModelRef | null, timeMs: number, oversight: Oversight): Model {
    // A run that follows no registry decides with what it has, whatever one before it did.
    const model = ref === null || this.setting.followed.isStill === true ? null : this.openedOf(ref);
    if (model !== null && !oversight.isKilled(model.version)) return model;
    const fallback = this.setting.followed.fallback.at(timeMs);
    return oversight.isKilled(fallback.version) ? formulaModels.at(timeMs) : fallback;
  }

  private underAll(model: Model, experiments: Experiments | null, oversight: Oversight): Model {
    const { under } = this;
    if (under?.model === model && under.experiments === experiments && under.oversight === oversight) return under.made;
    const versions = experiments?.versions;
    const named = (number: string): Model | undefined => {
      const digest = versions?.[number];
      const found = digest === undefined ? undefined : this.openedOf({ number, digest });
      if (found === undefined || oversight.isKilled(found.version)) return undefined;
      return oversight === NO_OVERSIGHT ? found : { ...found, oversight };
    };
    const made = {
      ...model,
      ...(experiments === null ? {} : { experiments }),
      ...(versions === undefined ? {} : { named }),
      ...(oversight === NO_OVERSIGHT ? {} : { oversight }),
    };
    this.under = { model, experiments, oversight, made };
    return made;
  }

  /** @throws a {@link ModelAwaited} where it has to be opened first */
  private openedOf(ref: ModelRef): Model {
    const { followed } = this.setting;
    const model = followed.opened(ref);
    if (model === undefined) throw new ModelAwaited(followed.open(ref));
    return model;
  }

  /** Turns to the model and the experiments that are current, where they are others. Called between two steps. @param positions - where the task stands */
  turn(positions: () => readonly TaskPosition[]): void {
    const models = this.progress;
    if (models === undefined) return;
    forgetReplaced(models);
    const next = this.wanted(models);
    if (next === null || isReliving(models, positions)) return;
    this.take(models, next);
  }

  private wanted({ adopted, decidedMs }: ModelProgress): Adoption | null {
    if (this.setting.isFixed) return null;
    const last = adopted.at(-1)!;
    const [model, experiments, oversight] = [this.wantedModel(last), this.wantedExperiments(last), this.wantedOversight(last)];
    if (model === null && experiments === null && oversight === null) return null;
    const fromMs = Math.max(decidedMs + 1, this.earliestOf(last, model, experiments));
    const under = { experiments: experiments?.payload ?? this.goingOn(last), oversight: oversight ?? last.oversight };
    return adoptionOf(model?.ref ?? this.modelGoingOn(last), under, fromMs);
  }

  private modelGoingOn(last: Adoption): ModelRef | null {
    return this.setting.followed.isStill === true ? null : last.model;
  }

  /** Text of what people decided that the last adoption does not have. */
  private wantedOversight(last: Adoption): string | null {
    const { followed, firstLookAtOversight = 1 } = this.setting;
    const current = followed.oversight?.current ?? null;
    if (current === null || current.look < firstLookAtOversight) return null;
    return (last.oversight ?? '') === current.text ? null : current.text;
  }

  /** From when on what is new may decide; what goes on from an adoption that has not begun begins no earlier than that. */
  private earliestOf(last: Adoption, model: CurrentModel | null, experiments: CurrentExperiments | null): number {
    const goesOn = model === null ? last.model !== null : experiments === null && this.goingOn(last) !== undefined;
    return Math.max(goesOn ? last.fromMs : -Infinity, model?.trainedUntilMs ?? -Infinity, experiments?.sinceMs ?? -Infinity);
  }

  private wantedModel(last: Adoption): CurrentModel | null {
    const { followed, firstLook } = this.setting;
    const { current } = followed;
    if (current === null || current.look < firstLook) return null;
    return last.model?.digest === current.ref.digest ? null : current;
  }

  private wantedExperiments(last: Adoption): CurrentExperiments | null {
    const { followed, firstLookAtExperiments = 1 } = this.setting;
    const current = followed.experiments?.current ?? null;
    if (current === null || current.look < firstLookAtExperiments) return null;
    return last.experiments === current.payload ? null : current;
  }

  /** Experiments that go on under another model. */
  private goingOn(last: Adoption): string | undefined {
    return this.setting.followed.experiments === undefined ? undefined : last.experiments;
  }

  /** Adoptions since the last call, each with its number among those of the task, from 1. */
  tell(): { readonly adoption: Adoption; readonly count: number }[] {
    const { untold } = this;
    this.untold = [];
    for (const { adoption } of untold) this.setting.followed.adopted(this.setting.task, adoption);
    return untold;
  }

  /** Digests of the models that it may decide with. */
  inUse(): string[] {
    return (
      this.progress?.adopted.flatMap(({ model, experiments }) => [...(model === null ? [] : [model.digest]), ...this.namedBy(experiments)]) ?? []
    );
  }

  private namedBy(payload: string | undefined): string[] {
    const { experiments } = this.setting.followed;
    return payload === undefined || experiments === undefined ? [] : Object.values(experiments.read(payload).versions ?? {});
  }

  /** What came before can no longer be undone. */
  mark(): void {
    this.markedMs = this.progress?.decidedMs ?? -Infinity;
  }

  /** Nothing was decided since the mark. What was adopted stays. */
  undo(): void {
    if (this.progress !== undefined) this.progress.decidedMs = this.markedMs;
  }

  private get progress(): ModelProgress | undefined {
    return this.setting.progress.models;
  }

  /** With the model and the experiments that are current when the first decision asks; where there are none, that is kept, too. */
  private begin(): ModelProgress {
    const models: ModelProgress = { decidedMs: -Infinity, count: 0, adopted: [] };
    this.setting.progress.models = models;
    const oversight = this.firstOversight();
    // What decides as it always does is no decision that a log has to keep.
    if (this.setting.followed.isStill === true && oversight === '') models.adopted = [adoptionOf(null, {}, -Infinity)];
    else this.takeFirst(models, oversight);
    return models;
  }

  /** A replay begins as the live version did. */
  private firstOversight(): string {
    const { followed, isFixed } = this.setting;
    return isFixed ? '' : (followed.oversight?.current?.text ?? '');
  }

  private takeFirst(models: ModelProgress, oversight: string): void {
    const { current, experiments } = this.setting.followed;
    const [ref, fromMs] = [current?.ref ?? null, current?.trainedUntilMs ?? -Infinity];
    const running = experiments?.current ?? null;
    if (running === null || running.sinceMs > fromMs) this.take(models, adoptionOf(ref, { oversight }, fromMs));
    if (running === null) return;
    this.take(models, adoptionOf(ref, { experiments: running.payload, oversight }, Math.max(fromMs, running.sinceMs)));
  }

  private take(models: ModelProgress, adoption: Adoption): void {
    models.adopted = adopt(models.adopted, adoption);
    models.count++;
    this.untold.push({ adoption, count: models.count });
  }
}

/** What an adoption has beside its model. */
interface Under {
  readonly experiments?: string | undefined;
  readonly oversight?: string | undefined;
}

const adoptionOf = (model: ModelRef | null, { experiments, oversight = '' }: Under, fromMs: number): Adoption => ({
  model,
  ...(experiments === undefined ? {} : { experiments }),
  ...(oversight === '' ? {} : { oversight }),
  fromMs,
});

/** The last adoption counts from its time on, whatever was to come later. */
const adopt = (adopted: readonly Adoption[], next: Adoption): readonly Adoption[] => [...adopted.filter(({ fromMs }) => fromMs < next.fromMs), next];

const deciding = ({ adopted, decidedMs }: ModelProgress): Adoption | undefined => adopted.findLast(({ fromMs }) => fromMs <= decidedMs);

function forgetReplaced(models: ModelProgress): void {
  const first = models.adopted.findLastIndex(({ fromMs }) => fromMs <= models.decidedMs);
  if (first > 0) models.adopted = models.adopted.slice(first);
}

/**
 * Gives a task that is computed again, from its beginning or from an earlier commit, all that it adopted before. Until it has come to where it
 * stood, it turns to nothing else: it would decide otherwise than it did.
 *
 * @param reached - positions that it may have come to in its earlier life
 */
export function relive(progress: TaskProgress, adoptions: readonly Adoption[], reached: readonly TaskPosition[]): void {
  if (adoptions.length === 0) return;
  const { decidedMs = -Infinity, reached: before = [] } = progress.models ?? {};
  progress.models = {
    decidedMs,
    count: adoptions.length,
    adopted: adoptions.reduce<readonly Adoption[]>(adopt, []),
    reached: [...before, ...reached],
  };
}

function isReliving(models: ModelProgress, positions: () => readonly TaskPosition[]): boolean {
  if (models.reached === undefined) return false;
  const now = new Map(positions().map((position) => [partitionName(position), position.next]));
  const isLeft = models.reached.some((position) => (now.get(partitionName(position)) ?? Infinity) < position.next);
  if (!isLeft) delete models.reached;
  return isLeft;
}
