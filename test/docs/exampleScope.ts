/** What the code of an example can name, besides the operators and the stateless part of RxJS. */
import * as rxjs from 'rxjs';
import * as operators from '../../operators/index.js';
import type { Records, SourceOptions, Sources } from '../../operators/index.js';
import { STATELESS } from '../../scripts/topology/check/rxjsNames.js';
import { asides, derived, event, events, others, results, timed, type Event } from '../operators/pipelines.js';

export const exampleTopics = { events, others, derived, results, asides } as const;

/** The part of RxJS that a topology may use. */
const stateless = Object.fromEntries(Object.entries(rxjs).filter(([name]) => STATELESS.has(name)));

const eventSchema = operators.topicSchema(events);

/** The scope of one build of a topology; streams are made when they are named, so that none is read in vain. */
export interface ExampleScope extends Sources {
  readonly events: Records<string, Event>;
  readonly others: Records<string, Event>;
  readonly topics: typeof exampleTopics;
  readonly timed: SourceOptions<Event>;
  readonly eventSchema: typeof eventSchema;
}

/** Values by name, as an example sees them. */
export function scopeOf(sources: Sources, code: string): Readonly<Record<string, unknown>> {
  const names = (name: string): boolean => new RegExp(`(?<!\\.)\\b${name}\\b(?!:)`).test(code);
  const stream = (name: 'events' | 'others') => (names(name) ? { [name]: sources.source(exampleTopics[name], timed) } : {});
  return { ...stateless, ...operators, ...sources, timed, eventSchema, topics: exampleTopics, ...stream('events'), ...stream('others') };
}

/** An event as a line of an example says it: a number is its \`n\`, a text its \`tag\`, \`null\` a tombstone. */
export function eventOf(key: string, atMs: number, said: unknown): Event | null {
  if (said === null) return null;
  if (typeof said === 'number') return event(key, atMs, { n: said });
  return event(key, atMs, typeof said === 'string' ? { tag: said } : said);
}
