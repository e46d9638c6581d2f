import { describe, expect, it } from 'vitest';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { learnerId, topics, type CourseRecommendations, type Topic } from '../../schemas/index.js';
import recommendations, { recommendationsTopology } from '../../topologies/recommendations.js';
import { DAY_MS, HOUR_MS, at } from './clicks.js';
import { contextOf, curriculumOf, dayEndOf, hourOf, listOf, masteryOf, trendOf, type Told } from './learning.js';

const ITEMS = ['a', 'b', 'c', 'd', 'e'];
const COURSE_START = at(-30);
/** Later than the day before, so that no day has passed without activity when the tests begin. */
const ENROLLED = at(-1, 23 * HOUR_MS);

/** Sends what the topologies before it told, each in the order of its topic, each with its own event time. */
function tell<V>(driver: TopologyTestDriver, topic: Topic<string, V>, ...told: readonly Told<V>[]): void {
  for (const [value, atMs] of told) driver.input(topic).send(value, { atMs });
}

/** A course that everybody can see, with trends of the day before the first. */
function aCourse(driver: TopologyTestDriver): void {
  tell(driver, topics.curricula, curriculumOf(COURSE_START, ITEMS));
  tell(driver, topics.cohortTrends, trendOf(at(0), ITEMS));
}

const recordsOf = (driver: TopologyTestDriver, learner = 'ada') => driver.output(topics.recommendations).of(learnerId(learner));
const itemsOf = (list: CourseRecommendations['next'] | undefined): string[] => (list ?? []).map(({ item }) => item);
/** The decisions of a learner as `[days since the first, items of next, items of new]`. */
const decisionsOf = (driver: TopologyTestDriver, learner = 'ada'): [number, string, string][] =>
  recordsOf(driver, learner).map(({ timestamp, value }) => {
    const [course] = value!.personal.courses;
    return [(timestamp - at(0)) / DAY_MS, itemsOf(course?.next).join(''), itemsOf(course?.new).join('')];
  });
const timesOf = (driver: TopologyTestDriver, learner = 'ada'): number[] => recordsOf(driver, learner).map(({ timestamp }) => timestamp);

describe('recommendations', () => {
  it('makes both lists of each active course after an hour of activity, as of its end', async () => {
    await testTopology(recommendations, async (driver) => {
      aCourse(driver);
      tell(driver, topics.learnerContexts, contextOf('ada', ENROLLED, { courses: ['AAA-2024J', 'BBB-2024J'] }));
      tell(driver, topics.learnerActivity, hourOf('ada', at(0), ['c', 'a']));
      await driver.endInput();
      const record = recordsOf(driver).find(({ timestamp }) => timestamp === at(0, HOUR_MS - 1))!;
      expect(record.value).toMatchObject({
        learner: 'ada',
        region: 'test',
        madeAtMs: at(0, HOUR_MS - 1),
        validUntilMs: at(8, HOUR_MS - 1),
        topologyVersion: 2,
        variant: '',
      });
      expect(record.value!.modelVersion).toMatch(/^\w/);
      const [first, second] = record.value!.personal.courses;
      expect([first!.course, second!.course]).toEqual(['AAA-2024J', 'BBB-2024J']);
      expect(itemsOf(first!.next).sort()).toEqual(ITEMS);
      expect(itemsOf(first!.new).sort()).toEqual(['b', 'd', 'e']);
      expect([second!.next, second!.new]).toEqual([[], []]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('waits for the watermark before it decides, and takes the hours of a learner in their order', async () => {
    await testTopology(recommendations, { partitions: 1 }, async (driver) => {
      aCourse(driver);
      tell(driver, topics.learnerContexts, contextOf('ada', ENROLLED));
      await driver.advanceWatermark(at(0));
      tell(driver, topics.learnerActivity, hourOf('ada', at(0, HOUR_MS), ['b']), hourOf('ada', at(0), ['a']));
      await driver.runLive();
      expect(timesOf(driver)).toEqual([ENROLLED]);
      await driver.advanceWatermark(at(0, 2 * HOUR_MS));
      expect(decisionsOf(driver).map(([, , fresh]) => fresh)).toEqual(['abcde', 'bcde', 'cde']);
      expect(timesOf(driver).slice(1)).toEqual([at(0, HOUR_MS - 1), at(0, 2 * HOUR_MS - 1)]);
    });
  });

  it('sees the trends of the time of the event, whatever has come since', async () => {
    await testTopology(recommendations, async (driver) => {
      tell(driver, topics.curricula, curriculumOf(COURSE_START, ITEMS));
      tell(driver, topics.cohortTrends, trendOf(at(0), ['a', 'b', 'c']), trendOf(at(1), ['c', 'b', 'a']), trendOf(at(2), ['d']));
      tell(driver, topics.learnerContexts, contextOf('ada', ENROLLED));
      tell(driver, topics.learnerActivity, hourOf('ada', at(0, 5 * HOUR_MS), ['e']), hourOf('ada', at(1, 5 * HOUR_MS), ['e']));
      await driver.advanceWatermark(at(3));
      expect(decisionsOf(driver).map(([, , fresh]) => fresh)).toEqual([expect.any(String), 'abc', 'cba']);
    });
  });

  it('decides the same whatever happens later', async () => {
    const until = at(1, 6 * HOUR_MS);
    const decided = async (tellMore: (driver: TopologyTestDriver) => void): Promise<unknown[]> => {
      let found: unknown[] = [];
      await testTopology(recommendations, async (driver) => {
        tell(driver, topics.curricula, curriculumOf(COURSE_START, ITEMS));
        tell(driver, topics.cohortTrends, trendOf(at(0), ['a', 'b', 'c']), trendOf(at(1), ['c', 'b', 'a']));
        tell(driver, topics.segmentRecommendations, listOf('all', at(0), ['b']));
        tell(driver, topics.learnerContexts, contextOf('ada', ENROLLED), contextOf('bob', ENROLLED));
        tell(driver, topics.learnerActivity, hourOf('ada', at(0), ['e']), hourOf('ada', at(1, 5 * HOUR_MS), ['a']));
        tellMore(driver);
        await driver.endInput();
        found = ['ada', 'bob'].flatMap((learner) => recordsOf(driver, learner).filter(({ timestamp }) => timestamp <= until));
      });
      return found;
    };
    const alone = await decided(() => undefined);
    expect(alone.length).toBeGreaterThanOrEqual(5);
    const withMore = await decided((driver) => {
      tell(driver, topics.curricula, curriculumOf(until + 1, [...ITEMS, 'f'], ['c']));
      tell(driver, topics.cohortTrends, trendOf(at(2), ['d']));
      tell(driver, topics.segmentRecommendations, listOf('all', at(2), ['d']));
      tell(driver, topics.learnerContexts, contextOf('bob', until + 1, { consent: false }));
      tell(driver, topics.learnerActivity, hourOf('ada', at(1, 6 * HOUR_MS), ['b', 'c']));
      tell(driver, topics.learnerMastery, masteryOf('ada', until + 1, { algebra: 0.1 }));
    });
    expect(withMore).toEqual(alone);
  });

  it('takes a withdrawn item out of the lists of every learner of the course at once, and of no other', async () => {
    await testTopology(recommendations, async (driver) => {
      aCourse(driver);
      const learners = Array.from({ length: 9 }, (_, n) => `learner-${n}`);
      tell(
        driver,
        topics.learnerContexts,
        ...learners.map((learner) => contextOf(learner, ENROLLED)),
        contextOf('bob', ENROLLED, { courses: ['BBB-2024J'] }),
      );
      tell(driver, topics.learnerActivity, hourOf('learner-0', at(0), ['b']));
      tell(driver, topics.curricula, curriculumOf(at(3, 7), ITEMS, ['b']), curriculumOf(at(3, 8), [...ITEMS, 'f'], ['b']));
      await driver.advanceWatermark(at(3, 9));
      for (const learner of learners) {
        const [[day, next, fresh]] = decisionsOf(driver, learner).slice(-1) as [[number, string, string]];
        expect([day, next.includes('b'), fresh.includes('b'), next.includes('c')]).toEqual([(at(3, 7) - at(0)) / DAY_MS, false, false, true]);
      }
      expect(timesOf(driver, 'bob')).not.toContain(at(3, 7));
    });
  });

  it('drops the lists of a course when its enrolment ends, though nothing is left', async () => {
    await testTopology(recommendations, async (driver) => {
      aCourse(driver);
      tell(driver, topics.learnerContexts, contextOf('ada', ENROLLED), contextOf('ada', at(2, 7), { courses: [] }));
      tell(driver, topics.learnerActivity, hourOf('ada', at(0), ['a']), hourOf('ada', at(2, 2 * HOUR_MS), ['a']));
      await driver.endInput();
      const last = recordsOf(driver).at(-1)!;
      expect([last.timestamp, last.value!.personal.courses]).toEqual([at(2, 7), []]);
    });
  });

  it('makes lists anew after a quiz', async () => {
    await testTopology(recommendations, async (driver) => {
      aCourse(driver);
      tell(driver, topics.learnerContexts, contextOf('ada', ENROLLED));
      tell(driver, topics.learnerMastery, masteryOf('ada', at(0, 5), { algebra: 0.2 }));
      await driver.advanceWatermark(at(0, 6));
      expect(timesOf(driver)).toEqual([ENROLLED, at(0, 5)]);
      expect(driver.rows<{ state: { skills: { skill: string }[] } }>('learner/state').get('ada')!.state.skills).toMatchObject([{ skill: 'algebra' }]);
    });
  });

  it('counts activity that comes too late for its place, and decides as of now', async () => {
    await testTopology(recommendations, { partitions: 1 }, async (driver) => {
      aCourse(driver);
      tell(driver, topics.learnerContexts, contextOf('ada', ENROLLED));
      tell(driver, topics.learnerActivity, hourOf('ada', at(4), ['a']));
      await driver.advanceWatermark(at(5));
      tell(driver, topics.learnerActivity, hourOf('ada', at(2), ['b']));
      await driver.run();
      // The last news before it: that a day has passed since the context.
      expect(recordsOf(driver).at(-1)).toMatchObject({ timestamp: at(4, 23 * HOUR_MS), value: { madeAtMs: at(4, 23 * HOUR_MS) } });
      expect(decisionsOf(driver).at(-1)![2]).toBe('cde');
      expect(driver.deadLetters()).toEqual([]);
    });
  });
});

describe('recommendations, in silence', () => {
  /** Days at whose end the windows of the last 28 days still tell of a learner who was last active on day 0. */
  const told = Array.from({ length: 28 }, (_, n) => n + 1);

  it('come at the end of the day and of each of the 7 days after, then of each 7th day, and later by the weeks since the context', async () => {
    await testTopology(recommendations, async (driver) => {
      aCourse(driver);
      tell(driver, topics.learnerContexts, contextOf('ada', ENROLLED));
      tell(driver, topics.learnerActivity, hourOf('ada', at(0, 3 * HOUR_MS), ['a']));
      tell(driver, topics.learnerFeatures, ...told.map((day) => dayEndOf('ada', at(day))));
      await driver.advanceWatermark(at(45));
      const ends = [1, 2, 3, 4, 5, 6, 7, 8, 15, 22].map((day) => at(day) - 1);
      const weekly = [28, 35, 42].map((days) => ENROLLED + days * DAY_MS);
      expect(timesOf(driver)).toEqual([ENROLLED, at(0, 4 * HOUR_MS - 1), ...ends, ...weekly]);
    });
  });

  it('see the trends of the day that ends', async () => {
    await testTopology(recommendations, async (driver) => {
      tell(driver, topics.curricula, curriculumOf(COURSE_START, ITEMS));
      tell(driver, topics.cohortTrends, trendOf(at(0), ['a', 'b']), trendOf(at(1), ['b', 'a']), trendOf(at(2), ['c', 'b', 'a']));
      tell(driver, topics.learnerContexts, contextOf('ada', ENROLLED));
      tell(driver, topics.learnerActivity, hourOf('ada', at(0), ['e']));
      tell(driver, topics.learnerFeatures, dayEndOf('ada', at(1)), dayEndOf('ada', at(2)));
      await driver.advanceWatermark(at(3));
      expect(decisionsOf(driver).map(([, , fresh]) => fresh)).toEqual([expect.any(String), 'ab', 'ba', 'cba']);
    });
  });

  it('come with the midnight that closes the clock, so that nothing of the day is missing', async () => {
    await testTopology(recommendations, async (driver) => {
      aCourse(driver);
      tell(driver, topics.learnerContexts, contextOf('ada', ENROLLED));
      tell(driver, topics.learnerActivity, hourOf('ada', at(0, 23 * HOUR_MS), ['a']));
      tell(driver, topics.learnerFeatures, dayEndOf('ada', at(1)));
      await driver.advanceWatermark(at(1));
      expect(decisionsOf(driver).at(-1)).toEqual([1 - 1 / DAY_MS, expect.stringContaining('a'), 'bcde']);
    });
  });

  it('come to newcomers who have done nothing yet, by the days since their context, and end when they do something', async () => {
    await testTopology(recommendations, async (driver) => {
      aCourse(driver);
      tell(driver, topics.learnerContexts, contextOf('ada', at(0, 5)), contextOf('bob', at(0, 5)), contextOf('cyd', at(0, 5), { courses: [] }));
      tell(driver, topics.learnerActivity, hourOf('bob', at(1, HOUR_MS), ['a']));
      await driver.advanceWatermark(at(40));
      expect(timesOf(driver)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 14, 21, 28, 35].map((day) => at(day, 5)));
      expect(timesOf(driver, 'bob')).toEqual([at(0, 5), at(1, 5), at(1, 2 * HOUR_MS - 1), at(28, 5), at(35, 5)]);
      expect(timesOf(driver, 'cyd')).toEqual([at(0, 5)]);
    });
  });
});

describe('recommendations, without history', () => {
  it('give a new learner the list of the segment with the popular one behind it', async () => {
    await testTopology(recommendations, async (driver) => {
      tell(driver, topics.curricula, curriculumOf(COURSE_START, ITEMS));
      tell(driver, topics.segmentRecommendations, listOf('he', at(0), ['c', 'a']), listOf('all', at(0), ['a', 'b']));
      tell(driver, topics.learnerContexts, contextOf('ada', at(0), { segment: 'he' }), contextOf('bob', at(0)));
      await driver.advanceWatermark(at(0, 1));
      const sources = (learner: string): string[] =>
        recordsOf(driver, learner)[0]!.value!.personal.courses[0]!.next.map(({ item, source }) => `${item} ${source}`);
      expect(sources('ada').slice(0, 3)).toEqual(['a SEGMENT', 'c SEGMENT', 'b POPULAR']);
      expect(sources('bob').slice(0, 2)).toEqual(['a POPULAR', 'b POPULAR']);
      expect(recordsOf(driver)[0]!.value!.personal.courses[0]!.segment).toBe('he');
    });
  });

  it('look at nothing that a learner did who does not agree to profiling, and keep none of it', async () => {
    await testTopology(recommendations, async (driver) => {
      tell(driver, topics.curricula, curriculumOf(COURSE_START, ITEMS));
      tell(driver, topics.segmentRecommendations, listOf('he', at(0), ['c']), listOf('all', at(0), ['a', 'b']));
      tell(driver, topics.learnerContexts, contextOf('ada', at(0), { consent: false, segment: 'he' }), contextOf('bob', at(0), { consent: false }));
      tell(driver, topics.learnerActivity, hourOf('ada', at(0, HOUR_MS), ['a']));
      tell(driver, topics.learnerMastery, masteryOf('ada', at(0, 5), { algebra: 0.2 }));
      tell(driver, topics.learnerFeatures, dayEndOf('ada', at(1)));
      await driver.advanceWatermark(at(1, 1));
      expect(timesOf(driver)).toEqual([at(0), at(1)]);
      expect(decisionsOf(driver)).toEqual(decisionsOf(driver, 'bob'));
      expect(decisionsOf(driver)[0]![1]).toMatch(/^ab/);
      expect(
        new Set(recordsOf(driver).flatMap(({ value }) => value!.personal.courses.flatMap(({ next }) => next.map(({ source }) => source)))),
      ).toEqual(new Set(['POPULAR', 'CURRICULUM']));
      expect(driver.output(topics.featureLog).size).toBe(0);
      const { state, activeAtMs } = driver.rows<{ state: Record<string, unknown>; activeAtMs: unknown }>('learner/state').get('ada')!;
      expect([state.histories, state.skills, state.engagement, activeAtMs]).toEqual([[], [], null, null]);
    });
  });

  it('forget what a learner did when the consent is withdrawn', async () => {
    await testTopology(recommendations, async (driver) => {
      aCourse(driver);
      tell(
        driver,
        topics.learnerContexts,
        contextOf('ada', ENROLLED),
        contextOf('ada', at(0, 5 * HOUR_MS), { consent: false }),
        contextOf('ada', at(0, 9 * HOUR_MS)),
      );
      tell(driver, topics.learnerActivity, hourOf('ada', at(0), ['a']));
      await driver.advanceWatermark(at(0, 10 * HOUR_MS));
      expect(decisionsOf(driver).map(([, , fresh]) => fresh.includes('a'))).toEqual([true, false, true, true]);
    });
  });
});

describe('recommendations, for training', () => {
  it('log the candidates of a part of the decisions, with the lists that came of them', async () => {
    await testTopology(recommendations, async (driver) => {
      aCourse(driver);
      const learners = Array.from({ length: 80 }, (_, n) => `learner-${n}`);
      tell(driver, topics.learnerContexts, ...learners.map((learner) => contextOf(learner, ENROLLED)));
      tell(driver, topics.learnerActivity, ...learners.map((learner) => hourOf(learner, at(0), ['a', 'b'])));
      await driver.advanceWatermark(at(0, HOUR_MS));
      const logs = driver.output(topics.featureLog).records();
      expect(logs.length).toBeGreaterThan(80 / 32);
      expect(logs.length).toBeLessThan(80 / 3);
      expect(new Set(logs.map(({ value }) => value!.decisionId)).size).toBe(logs.length);
      for (const { key, timestamp, value } of logs) {
        const record = recordsOf(driver, key).find((one) => one.timestamp === timestamp)!;
        const { course, next, new: fresh } = record.value!.personal.courses[0]!;
        const { candidates } = value!.personal;
        const ranked = (rank: 'nextRank' | 'newRank'): string[] =>
          candidates
            .filter((one) => one[rank] >= 0)
            .sort((a, b) => a[rank] - b[rank])
            .map(({ item }) => item);
        expect([value!.decidedAtMs, value!.modelVersion, value!.personal.course]).toEqual([timestamp, record.value!.modelVersion, course]);
        expect([ranked('nextRank'), ranked('newRank')]).toEqual([itemsOf(next), itemsOf(fresh)]);
      }
    });
  });
});

describe('recommendations of another setting', () => {
  /** A learner who is busy on three days. */
  const busy = async (setting: Parameters<typeof recommendationsTopology>[0], look: (driver: TopologyTestDriver) => void): Promise<void> => {
    await testTopology(recommendationsTopology(setting), { partitions: 1 }, async (driver) => {
      const many = Array.from({ length: 40 }, (_, n) => `item-${String(n)}`);
      tell(driver, topics.curricula, curriculumOf(COURSE_START, many));
      tell(driver, topics.cohortTrends, trendOf(at(0), many));
      tell(driver, topics.learnerContexts, contextOf('ada', ENROLLED));
      tell(
        driver,
        topics.learnerActivity,
        ...[0, 1, 2].flatMap((day) => [1, 3, 5, 7, 9].map((hour) => hourOf('ada', at(day, hour * HOUR_MS), ['item-3']))),
      );
      await driver.advanceWatermark(at(3));
      look(driver);
    });
  };
  const logsOf = (driver: TopologyTestDriver) =>
    driver
      .output(topics.featureLog)
      .of(learnerId('ada'))
      .map(({ value }) => value!);

  it('decide nothing before an instant, and from then on the same', async () => {
    let all: ReturnType<typeof recordsOf> = [];
    await busy({}, (driver) => (all = recordsOf(driver)));
    await busy({ decideFromMs: at(2) }, (driver) => {
      expect(recordsOf(driver)).toEqual(all.filter(({ timestamp }) => timestamp >= at(2)));
    });
    expect(all.filter(({ timestamp }) => timestamp < at(2)).length).toBeGreaterThan(3);
  }, 60_000);

  it('log and draw as often as they are told to', async () => {
    await busy({ loggedShare: 1, explorationShare: 0.5 }, (driver) => {
      const drawn = logsOf(driver).filter(({ explored }) => explored).length;
      expect([drawn > 0, drawn < logsOf(driver).length]).toEqual([true, true]);
      const propensities = logsOf(driver).flatMap(({ personal }) =>
        personal.candidates.map(({ newRank, newPropensity }) => [newRank < 15, newPropensity === 1]),
      );
      expect(propensities.filter(([isFirst, isSure]) => !isFirst && !isSure).length).toBeGreaterThan(0);
    });
  }, 60_000);
});
