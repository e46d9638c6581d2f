/** The order of the operator reference: what belongs together, by file. */
export interface Section {
  readonly title: string;
  readonly introduction: string;
  /** Files of `operators/`, without ending. */
  readonly files: readonly string[];
}

/** Every file that `operators/index.ts` exports stands in one section; a test compares. */
export const SECTIONS: readonly Section[] = [
  {
    title: 'Declaring a topology',
    introduction: 'A topology is a name, a version and a build function that only declares. Its argument gives the sources.',
    files: ['topology', 'record'],
  },
  {
    title: 'Windows',
    introduction:
      'Aggregates per key over stretches of event time. The watermark alone closes a window; what comes behind it takes the `late` route. See [time](../explanation/time.md).',
    files: ['windows/hopping', 'windows/sliding', 'windows/sessions', 'windows/emission', 'route'],
  },
  {
    title: 'Aggregates',
    introduction:
      'What a window, or [`aggregate`](#aggregate), computes. Several of them, by name, give a record of their results. A paned aggregate has an associative `merge`, so that overlapping windows can share it.',
    files: ['aggregates/basic', 'aggregates/collections', 'aggregates/ewma', 'aggregates/grouped', 'aggregates/aggregate'],
  },
  {
    title: 'State per key',
    introduction: 'One row per key, committed with the input that changed it and undone when a later operator throws.',
    files: ['aggregate', 'reduce', 'reduceTable', 'dedupe', 'debounce', 'inTimeOrder', 'timer'],
  },
  {
    title: 'Joins',
    introduction:
      'Streams with streams, and streams with tables. Keys of both sides have one type, or the topology does not compile. A record without a partner takes the `miss` route.',
    files: ['joins/joinInterval', 'joins/joinTable', 'joins/joinAsOf', 'joins/lookup', 'joins/lookupAll', 'joins/foreignKeyChanges'],
  },
  {
    title: 'Shaping streams',
    introduction:
      "Keys, places and asynchronous work. `keyBy` and `batch` go through a topic of the topology's own: what follows is another subtopology.",
    files: ['keyBy', 'batch', 'branch', 'merge'],
  },
  { title: 'Ends', introduction: 'Where a pipeline leaves the topology.', files: ['to'] },
  {
    title: 'Schemas and durations',
    introduction: 'Shapes of the records of a topic and of what operators keep or send on, with the type inferred; and times as they are said.',
    files: ['schema', 'duration'],
  },
];
