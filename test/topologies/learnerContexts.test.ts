import { describe, expect, it } from 'vitest';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { formulaModels, type EarlyBehaviour, type Models } from '../../operators/recommend/index.js';
import { learnerId, topics, type LearnerActivity, type LearnerProfile, type LmsEvent, type Opened } from '../../schemas/index.js';
import contexts from '../../topologies/learner-contexts.js';
import { DAY_MS, HOUR_MS, at } from './clicks.js';
import { curriculumOf, hourOf, type Told } from './learning.js';
import { profile, statement } from './statements.js';

const recordsOf = (driver: TopologyTestDriver, learner = 'a') => driver.output(topics.learnerContexts).of(learnerId(learner));
/** The records of a learner as `[day, courses]`. */
const coursesByDay = (driver: TopologyTestDriver): [number, string[]][] =>
  recordsOf(driver).map(({ timestamp, value }) => [(timestamp - at(0)) / DAY_MS, value!.personal.courses.map(({ course }) => course)]);

interface Said {
  readonly events?: readonly Opened<LmsEvent>[];
  readonly profiles?: readonly Opened<LearnerProfile>[];
}

/** Sends what was said, ends the input and looks, in both batchings. */
function afterAll({ events = [], profiles = [] }: Said, look: (driver: TopologyTestDriver) => void): Promise<void> {
  return testTopology(contexts, { partitions: 1 }, async (driver) => {
    driver.input(topics.lmsEvents).sendAll(events);
    driver.input(topics.profiles).sendAll(profiles);
    await driver.endInput();
    look(driver);
    expect(driver.deadLetters()).toEqual([]);
  });
}

describe('learner-contexts', () => {
  it('tells everything of one instant in one record, as of that instant', async () => {
    const said = {
      events: [
        statement('DEADLINE', 'a', at(0), { item: 'essay', dueAtMs: at(20) }),
        statement('ENROLLED', 'a', at(0), { cohort: 'AAA-2024J-blue' }),
        statement('DEADLINE', 'a', at(0), { item: 'quiz', dueAtMs: at(10) }),
        statement('AVAILABILITY', 'a', at(0), { hoursPerWeek: 4 }),
      ],
      profiles: [profile('a', at(0), { segments: { education: ' A Level or Equivalent!', region: 'Wales' } })],
    };
    await afterAll(said, (driver) => {
      expect(recordsOf(driver)).toHaveLength(1);
      expect(recordsOf(driver)[0]).toMatchObject({
        timestamp: at(0),
        value: {
          learner: 'a',
          region: 'test',
          asOfMs: at(0),
          topologyVersion: 2,
          personal: {
            courses: [
              {
                course: 'AAA-2024J',
                cohort: 'AAA-2024J-blue',
                enrolledAtMs: at(0),
                deadlines: [
                  { item: 'quiz', dueAtMs: at(10) },
                  { item: 'essay', dueAtMs: at(20) },
                ],
              },
            ],
            segment: 'a-level-or-equivalent',
            hoursPerWeek: 4,
            consentProfiling: true,
          },
        },
      });
    });
  });

  it('leaves a course out from the end of its enrolment on, and takes it up again', async () => {
    const events = [
      statement('ENROLLED', 'a', at(0)),
      statement('ENROLLED', 'a', at(1), { course: 'BBB-2024J' }),
      statement('UNENROLLED', 'a', at(5)),
      statement('ENROLLED', 'a', at(9)),
    ];
    await afterAll({ events }, (driver) => {
      expect(coursesByDay(driver)).toEqual([
        [0, ['AAA-2024J']],
        [1, ['AAA-2024J', 'BBB-2024J']],
        [5, ['BBB-2024J']],
        [9, ['AAA-2024J', 'BBB-2024J']],
      ]);
      expect(recordsOf(driver)[3]!.value!.personal.courses[0]!.enrolledAtMs).toBe(at(9));
    });
  });

  it('follows the order of event time, however statements come within the hour', async () => {
    const events = [statement('UNENROLLED', 'a', at(0, 2)), statement('ENROLLED', 'a', at(0, 1)), statement('ENROLLED', 'b', at(0, 3))];
    await afterAll({ events }, (driver) => {
      expect(recordsOf(driver).map(({ timestamp, value }) => [timestamp, value!.personal.courses.length])).toEqual([
        [at(0, 1), 1],
        [at(0, 2), 0],
      ]);
    });
  });

  it('does not let a statement that comes days late undo a later one', async () => {
    await testTopology(contexts, { partitions: 1 }, async (driver) => {
      const input = driver.input(topics.lmsEvents);
      input.sendAll([statement('ENROLLED', 'a', at(0)), statement('UNENROLLED', 'a', at(5)), statement('ENROLLED', 'b', at(8))]);
      await driver.run();
      input.sendAll([
        statement('ENROLLED', 'a', at(3)),
        statement('DEADLINE', 'a', at(3), { course: 'BBB-2024J', item: 'quiz', dueAtMs: at(30) }),
        statement('ENROLLED', 'a', at(4), { course: 'BBB-2024J' }),
      ]);
      await driver.endInput();
      const last = recordsOf(driver).at(-1)!;
      expect([last.timestamp, last.value!.asOfMs]).toEqual([at(5), at(5)]);
      expect(last.value!.personal.courses).toMatchObject([{ course: 'BBB-2024J', enrolledAtMs: at(4), deadlines: [{ item: 'quiz' }] }]);
    });
  });

  it('takes no notice of a repeat of an event', async () => {
    const enrolled = statement('ENROLLED', 'a', at(0));
    const events = [enrolled, statement('UNENROLLED', 'a', at(1)), enrolled, statement('AVAILABILITY', 'b', at(2)), enrolled];
    await afterAll({ events }, (driver) => {
      expect(coursesByDay(driver)).toEqual([
        [0, ['AAA-2024J']],
        [1, []],
      ]);
    });
  });

  it('moves deadlines, takes them back, and drops those that are over when it is next written', async () => {
    const due = (item: string, day: number, atDay: number | null) =>
      statement('DEADLINE', 'a', at(day), { item, dueAtMs: atDay === null ? null : at(atDay) });
    const events = [
      statement('ENROLLED', 'a', at(0)),
      due('moved', 1, 5),
      due('back', 2, 9),
      due('over', 3, 4),
      due('moved', 6, 12),
      due('back', 7, null),
    ];
    await afterAll({ events }, (driver) => {
      const deadlines = recordsOf(driver).map(({ value }) => value!.personal.courses[0]!.deadlines.map(({ item }) => item));
      expect(deadlines).toEqual([[], ['moved'], ['moved', 'back'], ['over', 'moved', 'back'], ['back', 'moved'], ['moved']]);
    });
  });

  it('keeps deadlines that were told before the enrolment', async () => {
    const events = [statement('DEADLINE', 'a', at(0), { item: 'quiz', dueAtMs: at(9) }), statement('ENROLLED', 'a', at(1))];
    await afterAll({ events }, (driver) => {
      expect(recordsOf(driver).map(({ value }) => value!.personal.courses.flatMap(({ deadlines }) => deadlines))).toEqual([
        [],
        [{ item: 'quiz', dueAtMs: at(9) }],
      ]);
    });
  });

  it('sends a deadline without an item to the dead letters', async () => {
    await testTopology(contexts, { partitions: 1 }, async (driver) => {
      driver.input(topics.lmsEvents).sendAll([statement('ENROLLED', 'a', at(0)), statement('DEADLINE', 'a', at(1), { dueAtMs: at(3) })]);
      await driver.endInput();
      expect(driver.deadLetters().map(({ sourceTopic, reason, failedAtEventTimeMs }) => [sourceTopic, reason, failedAtEventTimeMs])).toEqual([
        ['test.lms-events', 'a DEADLINE names no item', at(1)],
      ]);
      expect(recordsOf(driver)).toHaveLength(1);
    });
  });
});

describe('learner-contexts, from profiles', () => {
  it('takes courses of the profile while no event has told of them', async () => {
    const said = {
      profiles: [profile('a', at(0), { courses: ['AAA-2024J', 'BBB-2024J'], cohort: 'blue' }), profile('b', at(0), { courses: ['AAA-2024J'] })],
      events: [statement('UNENROLLED', 'a', at(1), { course: 'BBB-2024J' })],
    };
    await afterAll(said, (driver) => {
      expect(coursesByDay(driver)).toEqual([
        [0, ['AAA-2024J', 'BBB-2024J']],
        [1, ['AAA-2024J']],
      ]);
      expect(recordsOf(driver)[0]!.value!.personal.courses.map(({ cohort }) => cohort)).toEqual(['blue', 'blue']);
      expect(recordsOf(driver, 'b')[0]!.value!.personal.courses[0]!.cohort).toBe('AAA-2024J');
    });
  });

  it('has no consent without a profile, and neither consent nor segment once it is withdrawn', async () => {
    const said = {
      events: [statement('ENROLLED', 'a', at(0))],
      profiles: [profile('a', at(1), { segments: { education: 'HE' } }), profile('a', at(2), { segments: { education: 'HE' }, consent: false })],
    };
    await afterAll(said, (driver) => {
      const held = recordsOf(driver).map(({ value }) => [value!.personal.consentProfiling, value!.personal.segment]);
      expect(held).toEqual([
        [false, null],
        [true, 'he'],
        [false, null],
      ]);
    });
  });

  it.each([
    ['education', 'Formación Profesional', 'formación-profesional'],
    ['education', 'All', null],
    ['education', '***', null],
    ['region', 'Wales', null],
  ])('makes of %s "%s" the segment %s', async (attribute, value, segment) => {
    await afterAll({ profiles: [profile('a', at(0), { segments: { [attribute]: value } })] }, (driver) => {
      expect(recordsOf(driver)[0]!.value!.personal.segment).toBe(segment);
    });
  });
});

describe('learner-contexts, with learnt segments', () => {
  /** Segments by education and by how much was done early; those of the second model have other names. */
  const models: Models = {
    at: (timeMs) => {
      const of = ({ education }: Readonly<Record<string, string>>, early: EarlyBehaviour | null): string =>
        [
          education ?? 'none',
          early === null ? 'idle' : `${String(early.activeDays)}d ${String(early.eventsOfKind.get('page') ?? 0)}p`,
          timeMs < at(20) ? '' : 'new',
        ]
          .join(' ')
          .trim();
      return { ...formulaModels.at(timeMs), segments: timeMs < at(-5) ? null : { of } };
    },
  };

  interface Early extends Said {
    readonly hours: readonly Told<Opened<LearnerActivity>>[];
  }

  /** What was told of learner `a` as `[event time, segment]`. */
  async function segmentsAfter({ events = [], profiles = [], hours }: Early): Promise<[number, string | null][]> {
    let told: [number, string | null][] = [];
    await testTopology(contexts, { partitions: 1, models }, async (driver) => {
      const [curriculum, atMs] = curriculumOf(at(-30), ['x', 'y']);
      driver.input(topics.curricula).send(curriculum, { atMs });
      driver.input(topics.lmsEvents).sendAll(events);
      driver.input(topics.profiles).sendAll(profiles);
      for (const [value, hourMs] of hours) driver.input(topics.learnerActivity).send(value, { atMs: hourMs });
      await driver.endInput();
      told = recordsOf(driver).map(({ timestamp, value }) => [timestamp, value!.personal.segment]);
      expect(driver.deadLetters()).toEqual([]);
    });
    return told;
  }

  const education = { segments: { education: 'HE' } };

  it('assigns one from the profile, moves the learner while the first week is told, and tells of changes alone', async () => {
    const hours = [hourOf('a', at(0), ['x', 'z']), hourOf('a', at(0, HOUR_MS), ['z']), hourOf('a', at(6), ['y']), hourOf('a', at(8), ['x'])];
    expect(await segmentsAfter({ profiles: [profile('a', at(-1), education)], hours })).toEqual([
      [at(-1), 'HE idle'],
      [at(0, HOUR_MS), 'HE 1d 1p'],
      [at(6, HOUR_MS), 'HE 2d 2p'],
    ]);
  });

  it('takes the model of the time: none at first, and a later one with what was done in the first week', async () => {
    const hours = [hourOf('a', at(-9), ['x']), hourOf('a', at(-8), ['x']), hourOf('a', at(1), ['x']), hourOf('a', at(25), ['y'])];
    expect(await segmentsAfter({ profiles: [profile('a', at(-10), education)], hours })).toEqual([
      [at(-10), 'he'],
      [at(1, HOUR_MS), 'HE 2d 2p'],
      [at(25, HOUR_MS), 'HE 2d 2p new'],
    ]);
  });

  it('keeps nothing of what a learner does without consent, before or after', async () => {
    const profiles = [profile('a', at(1), education), profile('a', at(2), { ...education, consent: false }), profile('a', at(3), education)];
    const hours = [hourOf('a', at(0), ['x']), hourOf('a', at(1), ['x']), hourOf('a', at(2), ['y'])];
    expect(await segmentsAfter({ profiles, hours })).toEqual([
      [at(1), 'HE idle'],
      [at(1, HOUR_MS), 'HE 1d 1p'],
      [at(2), null],
      [at(3), 'HE idle'],
    ]);
  });

  it('tells a change of an hour in one record with what else is said at its end', async () => {
    const events = [statement('ENROLLED', 'a', at(0, HOUR_MS))];
    const hours = [hourOf('a', at(0), ['x'])];
    expect(await segmentsAfter({ events, profiles: [profile('a', at(-1), education)], hours })).toEqual([
      [at(-1), 'HE idle'],
      [at(0, HOUR_MS), 'HE 1d 1p'],
    ]);
  });
});
