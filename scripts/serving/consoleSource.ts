/** What the reader's page shows, from a storage in which topologies run: in this process or beside it. */
import type { ConsoleSource } from '../../reader/consoleSource.js';
import { localTools } from '../../runtime/localTools.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { learnerSource } from './learnerSource.js';
import { ModelFigures, type ModelFigureOptions } from './modelFigures.js';
import { operationSource } from './operationSource.js';
import type { FigureOptions } from './topologyFigures.js';

/** What is shown, and where models come from. */
export interface ConsoleSourceOptions extends FigureOptions {
  /** Without it the page has no part for models. */
  readonly models?: ModelFigureOptions | undefined;
}

/** The models of a registry as a part of a source; none without a registry. */
export function modelsOf(options: ModelFigureOptions | undefined): Pick<ConsoleSource, 'models'> {
  if (options === undefined) return {};
  const figures = new ModelFigures(options);
  return { models: () => figures.models() };
}

/** The figures of the page. Nothing is read or kept before somebody asks. */
export function consoleSource(storage: LocalStorage, options: ConsoleSourceOptions): Required<Omit<ConsoleSource, 'models'>> & ConsoleSource {
  const tools = localTools(storage);
  return { ...operationSource(tools, options), ...learnerSource(tools, options.region), ...modelsOf(options.models) };
}
