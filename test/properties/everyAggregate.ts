import { count, countWhere, distinctCount, last, max, mean, min, schema, sum, topK } from '../../operators/index.js';
import type { Event } from '../operators/pipelines.js';

/** Every aggregate that can be paned; `summaryOf` gives the same of a plain list. */
export const aggregates = {
  count: count<Event>(),
  large: countWhere<Event>((event) => event.n > 1),
  sum: sum<Event>((event) => event.n),
  mean: mean<Event>((event) => event.n),
  min: min<Event>((event) => event.n),
  max: max<Event>((event) => event.n),
  last: last<Event, number>((event) => event.n, schema.double),
  top: topK<Event>(2, (event) => event.tag),
  tags: distinctCount<Event>((event) => event.tag),
};
