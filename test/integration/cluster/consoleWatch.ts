/** Asks for everything that the page of a reader shows, and sees that each answer has it, or names what is away. */
import type { Absence, ConsoleServer } from '../../../reader/consoleSource.js';
import { KNOWN } from './consoleRecords.js';
import type { Asked } from './readingLoad.js';

/** What may be gone: a server of the topologies, or the registry of models. */
export type Gone = ConsoleServer | 'models';

/** A question of the page. */
interface Question {
  readonly name: string;
  readonly path: string;
  /** Whether an answer has what was written. */
  readonly isWhole: (body: never) => boolean;
}

/** They need Kafka and Redis. */
const OF_SERVERS: readonly Question[] = [
  { name: 'overview', path: 'overview', isWhole: ({ nowMs }: { nowMs: number }) => nowMs > 0 },
  { name: 'windows', path: `learners/${KNOWN.learner}`, isWhole: ({ context }: { context: object | null }) => context !== null },
  { name: 'decisions', path: `learners/${KNOWN.learner}/decisions`, isWhole: ({ decisions }: { decisions: object[] }) => decisions.length > 0 },
  { name: 'trend', path: `trends/${KNOWN.cohort}`, isWhole: ({ trend }: { trend: object | null }) => trend !== null },
  { name: 'replays', path: 'replays', isWhole: ({ replays }: { replays: object[] }) => replays.length === 1 },
  { name: 'difference', path: `replays/${KNOWN.replayed}/difference`, isWhole: ({ topics }: { topics: object[] }) => topics.length === 1 },
  { name: 'dead letters', path: 'dead-letters', isWhole: ({ total }: { total: number }) => total === 1 },
];
/** They need nothing that dies, or say by themselves what does. */
const OF_READER: readonly Question[] = [
  { name: 'models', path: 'models', isWhole: () => true },
  { name: 'learners', path: 'learners', isWhole: ({ learners }: { learners: string[] }) => learners.includes(KNOWN.learner) },
  { name: 'access', path: 'access', isWhole: ({ parts }: { parts: string[] }) => parts.length === 7 },
];

interface Told {
  readonly askedMs: number;
  readonly away: readonly Gone[];
}

export class ConsoleWatch {
  /** Those that may be named. */
  private readonly gone = new Set<Gone>();
  private readonly told = new Map<string, Told>();

  /** From now on an answer may name it. */
  isGone(...some: readonly Gone[]): void {
    for (const one of some) this.gone.add(one);
  }

  /** From now on none may. */
  isBack(...some: readonly Gone[]): void {
    for (const one of some) this.gone.delete(one);
  }

  /** One for each route. */
  questions(): Asked[] {
    return [...OF_SERVERS, ...OF_READER].map(({ name, path, isWhole }) => ({
      name: `the page's ${name}`,
      path: `/console/${path}`,
      troubleOf: (body, [askedMs]) => this.see(name, isWhole, { body: body as Partial<Absence>, askedMs }),
    }));
  }

  /** What the last answers named, question by question. */
  named(): Readonly<Record<string, readonly Gone[]>> {
    return Object.fromEntries([...this.told].map(([name, { away }]) => [name, away]));
  }

  private see(
    name: string,
    isWhole: Question['isWhole'],
    { body, askedMs }: { readonly body: Partial<Absence>; readonly askedMs: number },
  ): string | null {
    const away = awayIn(body);
    if (askedMs >= (this.told.get(name)?.askedMs ?? 0)) this.told.set(name, { askedMs, away });
    const { absent } = body;
    const wrong = away.filter((one) => !this.gone.has(one));
    if (wrong.length > 0) return `it says that ${wrong.join(', ')} is away`;
    if (absent === undefined) return isWhole(body as never) ? null : `it has nothing, and does not say why: ${JSON.stringify(body)}`;
    // On a busy machine a search takes longer than somebody waits for it.
    return away.length > 0 || absent.startsWith('Not to be had yet') ? null : `it does not say what is away: ${absent}`;
  }
}

function awayIn(body: Partial<Absence> & { readonly trouble?: string | null }): readonly Gone[] {
  return typeof body.trouble === 'string' ? ['models'] : (body.away ?? []);
}

/** What each question has to name while these are gone. */
export function namesOf(gone: readonly Gone[]): Readonly<Record<string, readonly Gone[]>> {
  const servers = (['kafka', 'redis'] as const).filter((one) => gone.includes(one));
  const models = gone.includes('models') ? (['models'] as const) : [];
  const named: readonly (readonly [string, readonly Gone[]])[] = [
    ...OF_SERVERS.map(({ name }) => [name, servers] as const),
    ...OF_READER.map(({ name }) => [name, name === 'models' ? models : []] as const),
  ];
  return Object.fromEntries(named);
}
