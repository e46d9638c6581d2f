/** Tells people and programs what happens to models that a run follows. */
import type { ModelEvent, ModelObserver } from '../../runtime/models/following/modelEvents.js';
import { fromText, tellEvents } from './followingLines.js';

/** {@link tellEvents} of models: `{"model":…}`. */
export const tellModelEvents = (json: boolean): ModelObserver =>
  tellEvents<ModelEvent>(json, { name: 'model', adopted: (event) => (event.kind === 'adopted' ? event.number : undefined), text: modelEventText });

/** An event in a line. */
function modelEventText(event: ModelEvent): string {
  switch (event.kind) {
    case 'opened':
      return `model: version ${event.number} (${event.version}) is verified and loaded`;
    case 'refused':
      return `model: version ${event.number} is refused, what decided before goes on: ${event.code}: ${event.message}`;
    case 'unreachable':
      return `model: the registry is away, what decides goes on: ${event.code}: ${event.message}`;
    case 'answering':
      return 'model: the registry answers again';
    case 'adopted':
      return `model: ${event.task} decides ${modelText(event.number)} ${fromText(event.fromMs)}`;
  }
}

/** With what tasks decide. */
export const modelText = (number: string | null): string => (number === null ? 'without a model' : `with version ${number}`);
