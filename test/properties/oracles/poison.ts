/** A record for which a later operator throws is as if it had never come, but that the clocks have seen it. */
import type { Event } from '../../operators/pipelines.js';
import { POISON } from '../arbitraries.js';
import type { Placed, Turn } from './time.js';

/** The turns with failing events taken out; what they told of time stays. */
export const sane = <E extends Event>(tasks: readonly (readonly Turn<E>[])[]): Turn<E>[][] =>
  tasks.map((turns) => turns.map((turn) => (turn.event?.tag === POISON ? { ...turn, event: null } : turn)));

/** Source positions of the failing events, as dead letters name them. */
export const poisoned = (tasks: readonly (readonly Turn<Event & Placed>[])[], topic = 'events'): string[] =>
  tasks
    .flat()
    .flatMap(({ event }) => (event?.tag === POISON ? [`${topic}/${event.partition}/${event.offset}`] : []))
    .sort();
