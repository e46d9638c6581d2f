/** Answers that are kept are those that would be made anew, whatever changed meanwhile. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { KeptAnswers, type AnswerSource } from '../../reader/http/keptAnswers.js';
import { LearnerAnswers } from '../../reader/http/answers.js';
import { RecommendationClient, type Answer } from '../../reader/index.js';
import type { EnvelopeCodec } from '../../schemas/index.js';
import { identityEnvelope, learnerId, topics } from '../../schemas/index.js';
import { appendOrder } from '../../scripts/oversight/orderBox.js';
import { CLEARED, measureOrder, overrideOrder, type Actor } from '../../scripts/oversight/orders.js';
import { COURSE, OTHER, school } from './serving.js';
import { MADE_MS, REGION, type Shelves } from './shelves.js';

const ACTOR: Actor = { region: REGION, by: 'ada', reason: 'a test', nowMs: MADE_MS };
const ADDRESS = '/v1/learners/ada/recommendations';

interface Shelf {
  readonly shelves: Shelves;
  readonly client: RecommendationClient;
  clockMs: number;
}

async function shelf(envelope?: EnvelopeCodec): Promise<Shelf> {
  const shelves = await school();
  const made = { shelves, clockMs: MADE_MS } as { -readonly [K in keyof Shelf]: Shelf[K] };
  made.client = await RecommendationClient.openStill({
    log: shelves.log,
    region: REGION,
    store: 'memory',
    now: () => made.clockMs,
    ...(envelope && { envelope }),
  });
  await made.client.catchUp();
  return made;
}

const textOf = (answer: Answer): string => JSON.stringify(answer);

/** Counts how often an answer is made. */
function counted({ client }: Shelf): { readonly kept: KeptAnswers; readonly made: () => number } {
  let made = 0;
  const source: AnswerSource = {
    look: (learner, question) => client.look(learner, question),
    answer: (look, question) => {
      made++;
      return client.answer(look, question);
    },
    now: () => client.now(),
    isSealed: client.isSealed,
  };
  return { kept: new KeptAnswers(source, 2), made: () => made };
}

/** What may happen between two requests. */
const EVENTS: Readonly<Record<string, (shelf: Shelf) => Promise<void>>> = {
  'new lists': ({ shelves }) => shelves.recommend('ada', { [COURSE]: { segment: 'a-level', next: ['n2', 'n4'], new: ['w2'] } }),
  'lists of two courses': ({ shelves }) => shelves.recommend('ada', { [COURSE]: { next: ['n1'] }, [OTHER]: { next: ['m1'] } }),
  'lists of another learner': ({ shelves }) => shelves.recommend('ben', { [COURSE]: { next: ['n9'] } }),
  'no lists': ({ shelves }) => shelves.bytes(topics.recommendations, 'ada', null),
  'a title': ({ shelves }) => shelves.item('n1', { title: 'first' }),
  'another title': ({ shelves }) => shelves.item('n1', { title: 'second' }),
  'a withdrawal': ({ shelves }) => shelves.item('n2', { withdrawn: true }),
  'a list of the segment': ({ shelves }) => shelves.segment(COURSE, 'a-level', [['s2', 9]]),
  'what is popular': ({ shelves }) => shelves.segment(COURSE, 'all', [['p2', 9]]),
  'a pause': ({ shelves }) => appendOrder(shelves, measureOrder(ACTOR, { action: 'pause', course: null })),
  'its end': ({ shelves }) => appendOrder(shelves, measureOrder(ACTOR, { action: 'resume', course: null })),
  'a pause of a course': ({ shelves }) => appendOrder(shelves, measureOrder(ACTOR, { action: 'pause', course: COURSE })),
  'a blocked item': ({ shelves }) => appendOrder(shelves, measureOrder(ACTOR, { action: 'block', item: 'n1' })),
  'an override': ({ shelves }) => appendOrder(shelves, overrideOrder(ACTOR, learnerId('ada'), { ...CLEARED, pinned: ['x1'] })),
  'an objection': ({ client }) => client.denied.add('ada'),
  'its withdrawal': async ({ client }) => {
    await client.denied.remove('ada');
  },
  'nine days': async (one) => {
    one.clockMs += 9 * 86_400_000;
    return Promise.resolve();
  },
  'an earlier clock': async (one) => {
    one.clockMs = MADE_MS;
    return Promise.resolve();
  },
  'another version': async ({ shelves }) => {
    await shelves.recommend('ada', { [COURSE]: { next: ['v1'] } }, {}, 'recommendations.v2');
    await shelves.pointer('recommendations.v2');
  },
};

/** By a client that has seen nothing before. */
async function madeAnew({ shelves, client: { denied }, clockMs }: Shelf, question: { readonly list: 'next' | 'new' }): Promise<string> {
  const client = await RecommendationClient.openStill({ log: shelves.log, region: REGION, store: 'memory', now: () => clockMs });
  await client.catchUp();
  if (denied.has('ada')) await client.denied.add('ada');
  const body = JSON.stringify(new LearnerAnswers(client, REGION).of('ada', question));
  await client.close();
  return body;
}

describe('a kept answer', () => {
  it('is what would be made anew, whatever happened since', async () => {
    const happened = fc.array(fc.constantFrom(...Object.keys(EVENTS)), { maxLength: 8 });
    const questions = fc.constantFrom({ list: 'next' } as const, { list: 'new' } as const, { list: 'next', course: COURSE, explain: true } as const);
    const claim = async (events: readonly string[], question: { readonly list: 'next' | 'new' }): Promise<void> => {
      const one = await shelf();
      const answers = new LearnerAnswers(one.client, REGION);
      const sent = (): string => {
        // Kept from the second on.
        answers.sent(JSON.stringify(question), 'ada', question, JSON.stringify);
        return answers.sent(JSON.stringify(question), 'ada', question, JSON.stringify).body;
      };
      for (const event of events) {
        expect(sent()).toBe(await madeAnew(one, question));
        await EVENTS[event]!(one);
        await one.client.catchUp();
      }
      expect(sent()).toBe(await madeAnew(one, question));
      await one.client.close();
    };
    // Each event by itself, and each between two that are the same.
    for (const event of Object.keys(EVENTS)) await claim([event], { list: 'next' });
    for (const event of Object.keys(EVENTS)) await claim(['new lists', event, 'new lists'], { list: 'next' });
    await fc.assert(fc.asyncProperty(happened, questions, claim), { numRuns: 60 });
  });

  it('is made once for who asks again, and anew after its record', async () => {
    const one = await shelf();
    const { kept, made } = counted(one);
    const ask = (): string => kept.of(ADDRESS, 'ada', {}, textOf).body;
    const first = ask();
    expect([ask(), made()]).toEqual([first, 2]);
    // Twice is often enough.
    expect([ask(), ask(), made()]).toEqual([first, first, 2]);
    await EVENTS['lists of another learner']!(one);
    await one.client.catchUp();
    expect([ask(), made()]).toEqual([first, 2]);
    await EVENTS['new lists']!(one);
    await one.client.catchUp();
    expect(ask()).not.toBe(first);
    expect(made()).toBe(3);
  });

  it('is none where the list is not the own, the question is without profiling, or records are sealed', async () => {
    const one = await shelf();
    const { kept, made } = counted(one);
    for (const times of [1, 2, 3]) {
      kept.of('/eve', 'eve', {}, textOf);
      expect(made()).toBe(times);
    }
    for (const times of [4, 5, 6]) {
      kept.of(`${ADDRESS}?profiling=false`, 'ada', { profiling: false }, textOf);
      expect(made()).toBe(times);
    }
    const sealed = counted(await shelf({ ...identityEnvelope }));
    for (const times of [1, 2, 3]) {
      expect(sealed.kept.of(ADDRESS, 'ada', {}, textOf).told.served).toBe('personal');
      expect(sealed.made()).toBe(times);
    }
  });

  it('gives way to others, and goes where nobody asked for ten minutes', async () => {
    const { kept, made } = counted(await shelf());
    // Of each only what was asked twice before counts.
    for (const address of 'abcdef') kept.of(address, 'ada', {}, textOf);
    const before = made();
    const ask = (address: string): number => {
      kept.of(address, 'ada', {}, textOf);
      return made() - before;
    };
    // Generations of two.
    expect(['a', 'b', 'c', 'a', 'b'].map(ask)).toEqual([1, 2, 3, 3, 3]);
    expect(['d', 'e', 'c'].map(ask)).toEqual([4, 5, 6]);
    const now = vi.spyOn(performance, 'now');
    now.mockReturnValue(performance.now() + 301_000);
    expect(ask('c')).toBe(6);
    now.mockReturnValue(performance.now() + 602_000);
    expect(ask('e')).toBe(7);
    now.mockRestore();
  });
});
