/**
 * What a topology may take from RxJS: operators that are stateless, synchronous and need no scheduler. Everything else
 * is refused, so that a name of a later RxJS is refused too until someone has looked at it.
 */
export const STATELESS: ReadonlySet<string> = new Set(['map', 'filter', 'mergeMap', 'concatMap', 'pipe', 'identity']);

/** Creation functions of several values at once: within the callback of `mergeMap` or `concatMap` only. */
export const WITHIN_MERGE_MAP: ReadonlySet<string> = new Set(['of', 'from', 'EMPTY']);

interface Twin {
  readonly names: string;
  /** Why it is refused: one clause. */
  readonly why: string;
  /** What to use instead. */
  readonly use: string;
}

const LOST = 'keeps its state in a closure, which is lost on a restart and not undone when a record fails';
const CLOCK = 'goes by the clock of the machine, so a replay gives other results';
const AWAY = 'emits after the record has been committed, or in another order';

const TWINS: readonly Twin[] = [
  { names: 'scan mergeScan switchScan expand', why: LOST, use: '`aggregate` or `reduce`, whose state is a store' },
  { names: 'reduce', why: `${LOST}, and waits for an end that a stream never has`, use: 'the operator `reduce` of skillforge-streams' },
  {
    names: 'buffer bufferCount bufferTime bufferToggle bufferWhen window windowCount windowTime windowToggle windowWhen',
    why: LOST,
    use: '`tumbling`, `hopping` or `sessions`',
  },
  {
    names: 'debounce debounceTime throttle throttleTime audit auditTime sample sampleTime',
    why: CLOCK,
    use: 'the operator `debounce` of skillforge-streams, which goes by event time',
  },
  { names: 'distinct distinctUntilChanged distinctUntilKeyChanged', why: LOST, use: '`dedupe`' },
  {
    names: 'delay delayWhen timeout timeoutWith interval timer timeInterval timestamp',
    why: CLOCK,
    use: '`everySilent`, or the event time `record.timestamp`',
  },
  {
    names: 'combineLatest combineLatestAll combineLatestWith combineAll withLatestFrom zip zipAll zipWith forkJoin sequenceEqual',
    why: LOST,
    use: '`joinTable`, `joinInterval` or `joinAsOf`',
  },
  {
    names: 'merge mergeWith mergeAll concat concatWith concatAll race raceWith startWith endWith iif onErrorResumeNext onErrorResumeNextWith',
    why: 'makes a stream that the topology does not see',
    use: 'the operator `merge` of skillforge-streams, or `mergeMap` for several values of one record',
  },
  { names: 'partition', why: 'subscribes twice', use: '`branch`' },
  {
    names: 'share shareReplay publish publishBehavior publishLast publishReplay multicast refCount connect connectable',
    why: 'is not needed: every stage is shared by all that read it',
    use: 'the stream itself, as often as you like',
  },
  { names: 'groupBy', why: LOST, use: '`keyBy`' },
  {
    names:
      'count min max first last elementAt every find findIndex isEmpty single toArray take takeLast takeUntil takeWhile skip skipLast skipUntil skipWhile pairwise defaultIfEmpty throwIfEmpty',
    why: LOST,
    use: '`aggregate`, `reduce` or a window',
  },
  {
    names:
      'observeOn subscribeOn scheduled asap asapScheduler async asyncScheduler queue queueScheduler animationFrame animationFrameScheduler animationFrames VirtualTimeScheduler VirtualAction Scheduler',
    why: AWAY,
    use: 'nothing: a record passes through its task at once',
  },
  {
    names: 'Subject BehaviorSubject ReplaySubject AsyncSubject Observable ConnectableObservable Subscriber Subscription observable',
    why: 'makes a stream that the topology does not see',
    use: '`source`, `table` and the operators; as a type, with `import type`',
  },
  {
    names: 'catchError retry retryWhen repeat repeatWhen throwError dematerialize materialize Notification',
    why: 'hides a failure from the engine, which undoes the record and sends it to the dead letters',
    use: 'an exception for what is wrong, or `branch` to sort records',
  },
  {
    names: 'tap finalize using',
    why: 'is there for its side effects, which a replay and a retry repeat',
    use: '`to(topic)` for what should be seen outside',
  },
  {
    names: 'switchMap switchMapTo switchAll exhaust exhaustAll exhaustMap',
    why: 'drops values by chance of timing',
    use: '`mergeMap` over values, or `batch` for asynchronous work',
  },
  {
    names: 'bindCallback bindNodeCallback fromEvent fromEventPattern lastValueFrom firstValueFrom defer generate range pairs',
    why: AWAY,
    use: '`source` for streams, `batch` for asynchronous work, an array for a series',
  },
  {
    names: 'mapTo pluck flatMap mergeMapTo concatMapTo ignoreElements',
    why: 'is deprecated or drops all records',
    use: '`map`, `filter` or `mergeMap`',
  },
  { names: 'NEVER never empty', why: 'never says anything', use: '`filter`, or `EMPTY` within `mergeMap`' },
  { names: 'config', why: 'changes RxJS for the whole process', use: 'nothing' },
];

const TWIN_OF = new Map(TWINS.flatMap((twin) => twin.names.split(' ').map((name) => [name, twin] as const)));

/** Why a name of RxJS is refused and what to use instead. */
export function refusalOf(name: string): { readonly why: string; readonly use: string } {
  const { why, use } = TWIN_OF.get(name) ?? {
    why: 'is not on the list of operators that are stateless and synchronous',
    use: `${[...STATELESS].map((one) => `\`${one}\``).join(', ')}, or an operator of skillforge-streams`,
  };
  return { why, use };
}
