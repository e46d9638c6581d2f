/** The option that names experiments, and the experiments that it names. */
import { join } from 'node:path';
import { Option } from 'commander';
import type { Topology } from '../../operators/topology.js';
import type { RunModels } from '../../runtime/engine/followedModels.js';
import type { ExperimentEvent, ExperimentObserver } from '../../runtime/experiments/events.js';
import type { ModelObserver } from '../../runtime/models/following/modelEvents.js';
import type { RunMonitor } from '../../runtime/observability/index.js';
import { fromText, tellEvents } from './followingLines.js';
import { CACHE_FOLDER, withModels, type FollowingOptions, type ModelsOptions } from './modelOptions.js';
import { DEFAULT_FOLDER } from './options.js';

/** What a command that may decide under experiments is told. */
export interface ExperimentsOptions extends ModelsOptions {
  /** A features file, or the address of a GrowthBook SDK connection. */
  readonly experiments?: string;
}

/** `--experiments`, by default from the environment. */
export function experimentsOption(): Option {
  return new Option(
    '--experiments <which>',
    'experiments to decide under: a GrowthBook features file, or the address of an SDK connection, which is looked at every 10 seconds; "recommendations" then runs as its version 3',
  ).env('SKILLFORGE_EXPERIMENTS');
}

/** The topologies as they run: those that have one, in their form for experiments where some are named. */
export const runningForms = (topologies: readonly Topology[], { experiments }: Pick<ExperimentsOptions, 'experiments'>): readonly Topology[] =>
  experiments === undefined ? topologies : topologies.map((topology) => topology.inExperiments ?? topology);

/**
 * Does something with the models and the experiments that options name, and closes them.
 * @param monitor - sees what happens to what is followed; `null` where nobody looks
 * @throws SFS_EXPERIMENTS_INVALID, SFS_EXPERIMENTS_UNREACHABLE, what {@link withModels} throws, and what `work` throws
 */
export async function withExperiments<T>(
  options: ExperimentsOptions & FollowingOptions,
  work: (models: RunModels | null) => Promise<T>,
  monitor: Pick<RunMonitor, 'modelEvent' | 'experimentEvent'> | null = null,
): Promise<T> {
  const onModelEvent: ModelObserver = (event) => monitor?.modelEvent(event);
  const { experiments: place, data = DEFAULT_FOLDER, json = false } = options;
  if (place === undefined) return withModels(options, work, onModelEvent);
  const { experimentSource, followExperiments } = await import('../../runtime/experiments/index.js');
  return withModels(
    options,
    async (models) => {
      const cacheFile = join(data, CACHE_FOLDER, 'experiments.json');
      const tell = tellExperimentEvents(json);
      const onEvent = (event: ExperimentEvent): void => {
        tell(event);
        monitor?.experimentEvent(event);
      };
      await using followed = await followExperiments({ source: experimentSource(place), models, cacheFile, onEvent });
      return await work(followed);
    },
    onModelEvent,
  );
}

/** {@link tellEvents} of experiments: `{"experiments":…}`. */
const tellExperimentEvents = (json: boolean): ExperimentObserver =>
  tellEvents<ExperimentEvent>(json, {
    name: 'experiments',
    adopted: (event) => (event.kind === 'adopted' ? event.version : undefined),
    text: eventText,
  });

const SHORT = 12;

function eventText(event: ExperimentEvent): string {
  switch (event.kind) {
    case 'read':
      return `experiments: payload ${event.version.slice(0, SHORT)} is read and checked`;
    case 'refused':
      return `experiments: the payload is refused, the one before goes on: ${event.code}: ${event.message}`;
    case 'version-opened':
      return `experiments: version ${event.number} that they name is open, as ${event.version}`;
    case 'version-refused':
      return `experiments: version ${event.number} that they name cannot be used, its learners get what the control gets: ${event.code}: ${event.message}`;
    case 'unreachable':
      return `experiments: they cannot be read, what was read goes on: ${event.code}: ${event.message}`;
    case 'answering':
      return 'experiments: they can be read again';
    case 'adopted':
      return `experiments: ${event.task} decides under payload ${event.version.slice(0, SHORT)} ${fromText(event.fromMs)}`;
  }
}
