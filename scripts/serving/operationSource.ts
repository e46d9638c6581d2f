/** What the page shows of how things run, from what tools see of a folder or of servers. */
import type { ConsoleSource } from '../../reader/consoleSource.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { DeadLetterTally } from './deadLetterTally.js';
import { patientTools } from './patientTools.js';
import { ReplayFigures } from './replayFigures.js';
import { TopologyFigures, type FigureOptions } from './topologyFigures.js';

/** The parts of a source that are about topologies and their records. */
export type OperationSource = Required<Pick<ConsoleSource, 'overview' | 'replays' | 'difference' | 'deadLetters'>>;

/** Nothing is read or kept before somebody asks. @param tools - their documents are looked at anew each time */
export function operationSource(tools: ToolAccess, options: FigureOptions): OperationSource {
  const patient = patientTools(tools);
  const figures = new TopologyFigures(tools, options);
  const replays = new ReplayFigures({ region: options.region, tools: patient, documents: tools.documents }, { now: options.now });
  const letters = new DeadLetterTally(patient, options.region);
  return {
    overview: () => figures.overview(),
    replays: () => replays.replays(),
    difference: (topology) => replays.difference(topology),
    deadLetters: () => letters.read(),
  };
}
