import { schema } from '../schema.js';
import type { AggregateInput, PanedAggregate, PanedAggregates } from './aggregate.js';
import { combine, type Accumulators, type Combined } from './combine.js';
import { placeOf } from './placeOf.js';

/** The results of one group. */
export interface GroupResult<P> {
  readonly group: string;
  readonly value: P;
}

interface Group {
  readonly group: string;
  readonly state: Accumulators;
}

/** Sorted by group, each once. */
type Groups = readonly Group[];

/**
 * Aggregates group by group; the results in order of the groups (code units). For a list that is read as a whole, such as the items of
 * an hour; where each group has readers of its own, make it the key.
 *
 * State: one accumulator per group of the pane or window. Adding a value copies the list of references and finds its group in
 * O(log groups).
 *
 * @example
 * events.pipe(tumbling('tens', { sizeMs: 10, late: 'dead-letter' }, { tags: grouped((event) => event.tag, { n: sum((event) => event.n) }) }))
 * // <- ada@1 { n: 1, tag: 'b' }, ada@2 { n: 2, tag: 'a' }, ada@3 { n: 4, tag: 'b' }
 * // <- end
 * // -> ada@9 { window: { startMs: 0, endMs: 10 }, final: true, value: { tags: [{ group: 'a', value: { n: 2 } }, { group: 'b', value: { n: 5 } }] } }
 */
export function grouped<V, P extends Record<string, unknown>>(
  by: (value: V) => string,
  aggregates: PanedAggregates<V, P>,
): PanedAggregate<V, Groups, readonly GroupResult<P>[]> {
  return groupedEach<V, V, P>((value) => [value], by, aggregates);
}

/**
 * As {@link grouped}, over the elements of values that are lists: each element is added to its own group.
 *
 * @example
 * events.pipe(
 *   tumbling('tens', { sizeMs: 10, late: 'dead-letter' }, {
 *     tags: groupedEach((event) => event.tag.split(' '), (tag: string) => tag, { times: count() }),
 *   }),
 * )
 * // <- ada@1 'b a', ada@2 'b'
 * // <- end
 * // -> ada@9 { window: { startMs: 0, endMs: 10 }, final: true, value: { tags: [{ group: 'a', value: { times: 1 } }, { group: 'b', value: { times: 2 } }] } }
 */
export function groupedEach<V, E, P extends Record<string, unknown>>(
  elements: (value: V) => readonly E[],
  by: (element: E) => string,
  aggregates: PanedAggregates<E, P>,
): PanedAggregate<V, Groups, readonly GroupResult<P>[]> {
  const combined = combine<E, P>(aggregates);
  return {
    name: 'grouped',
    paned: true,
    parameters: { aggregates: combined.parameters },
    schema: schema.array(schema.record({ group: schema.string, state: combined.schema })),
    zero: () => [],
    add: (groups, value, input) => withElements(groups, elements(value), by, combined, input),
    merge: (earlier, later) => union(earlier, later, combined),
    result: (groups) => groups.map(({ group, state }) => ({ group, value: combined.result(state) })),
  };
}

function withElements<E, P>(
  groups: Groups,
  elements: readonly E[],
  by: (element: E) => string,
  combined: Combined<E, P>,
  input: AggregateInput,
): Groups {
  if (elements.length === 0) return groups;
  const copy = groups.slice();
  for (const element of elements) {
    const group = by(element);
    const at = placeOf(copy.length, (index) => copy[index]!.group < group);
    const known = copy[at]?.group === group ? copy[at] : undefined;
    const state = combined.add(known?.state ?? combined.zero(), element, input);
    copy.splice(at, known === undefined ? 0 : 1, { group, state });
  }
  return copy;
}

/** Both lists in one pass. */
function union<E, P>(earlier: Groups, later: Groups, combined: Combined<E, P>): Groups {
  const all: Group[] = [];
  let next = 0;
  for (const one of earlier) {
    while (next < later.length && later[next]!.group < one.group) all.push(later[next++]!);
    const other = later[next];
    if (other?.group !== one.group) all.push(one);
    else {
      all.push({ group: one.group, state: combined.merge(one.state, other.state) });
      next++;
    }
  }
  return all.concat(later.slice(next));
}
