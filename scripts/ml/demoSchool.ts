/** A synthetic school through the topologies, up to the records that decisions are made from. */
import { withFolder } from '../commands/folder.js';
import type { WorkDone } from '../commands/progressLine.js';
import { runWork } from '../commands/run.js';
import { topicOutput, writeSchool } from '../commands/schoolOutput.js';
import { runTopologies } from '../commands/topologyRun.js';
import type { Topology } from '../../operators/topology.js';
import type { Models } from '../../operators/ports/models.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { School, type SchoolOptions, type SchoolStep } from '../school/index.js';
import { loadOwnTopology } from '../topologyFiles.js';

/** How to run, and who is told how far it is. */
export interface SchoolRun {
  readonly models: Models | null;
  readonly onProgress?: ((work: WorkDone) => void) | undefined;
}

/** Those that read events of the school, then those that read what the first wrote. */
const UPSTREAM = [
  ['cohort-trends', 'curricula', 'item-trends', 'learner-activity', 'learner-engagement', 'quiz-mastery'],
  ['learner-contexts', 'segment-lists'],
] as const;

/** How to run, and how the school tells of itself where not by its own names. */
export interface LiveSchoolRun extends SchoolRun {
  readonly retold?: ((step: SchoolStep) => SchoolStep) | undefined;
}

/**
 * Writes the events of a school into a folder, and runs every topology of this package but the recommendations to their end.
 *
 * @param folder - new, or empty
 * @throws what writing and running throw
 */
export async function liveSchool(folder: string, options: Partial<SchoolOptions>, run: LiveSchoolRun): Promise<void> {
  const school = new School(options);
  const { days, eventsPerDay, region } = school.options;
  await withFolder(folder, async (storage) => {
    const total = days * eventsPerDay;
    await writeSchool(retoldBy(school, run.retold), topicOutput(storage, school.options), (clicks) =>
      run.onProgress?.({ what: 'writing the school', done: clicks, total: Math.max(total, clicks), unit: 'clicks' }),
    );
    for (const names of UPSTREAM) await runToTheEnd(storage, await Promise.all(names.map(loadOwnTopology)), region, run);
  });
}

const retoldBy = (school: School, retold: (step: SchoolStep) => SchoolStep = (step) => step): Pick<School, 'steps'> => ({
  *steps() {
    for (const step of school.steps()) yield retold(step);
  },
});

/** Runs topologies to the end of what there is. @throws what running throws */
export async function runToTheEnd(
  storage: LocalStorage,
  topologies: readonly Topology[],
  region: string,
  { models, onProgress }: SchoolRun,
): Promise<void> {
  const what = `running ${topologies.map(({ name }) => name).join(', ')}`;
  await runTopologies(storage, topologies, {
    region,
    mode: 'until-end',
    models,
    onProgress: (progress) => onProgress?.(runWork(progress, what, 'until-end')),
  });
}
