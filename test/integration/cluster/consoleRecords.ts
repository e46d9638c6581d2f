/** A record for each part of the page of a reader, and a replay whose results can be compared, so that every route of the page has something to tell. */
import { map } from 'rxjs';
import { describe as graphOf } from '../../../operators/graph.js';
import { to, topology } from '../../../operators/index.js';
import { keepReplayState } from '../../../runtime/replay/replayState.js';
import { cohortId, courseId, itemId, learnerId, physicalTopicName, segmentKey, topics } from '../../../schemas/index.js';
import { openServers, type ServerOptions } from '../../../scripts/commands/serverOptions.js';
import { cohortTrend, itemTrend } from '../../topologies/trends.js';

/** Topics that they are written to, beside those of lists. */
export const CONSOLE_TOPICS = [topics.learnerContexts, topics.cohortTrends, topics.deadLetters];

/** What there is to ask for. */
export const KNOWN = { learner: 'ada', cohort: 'AAA-2014J', replayed: 'segments-again' } as const;
const COURSE = courseId('AAA-2014J');

/** Writes what the page tells of a learner, a cohort and the dead letters. */
export async function putConsoleRecords(put: (topic: unknown, value: object) => Promise<void>, region: string): Promise<void> {
  const base = { region, asOfMs: Date.now(), topologyVersion: 1 };
  const course = { course: COURSE, cohort: cohortId(KNOWN.cohort), enrolledAtMs: 0, deadlines: [] };
  await put(topics.learnerContexts, {
    ...{ learner: learnerId(KNOWN.learner), ...base },
    personal: { courses: [course], segment: 'a-level', hoursPerWeek: 6, consentProfiling: true },
  });
  await put(topics.cohortTrends, cohortTrend([itemTrend('n1', { events1d: 4 })], { cohort: cohortId(KNOWN.cohort), course: COURSE, region }));
  const sourceTopic = physicalTopicName(region, topics.clicks.name);
  await put(topics.deadLetters, {
    ...{
      id: `${sourceTopic}/0/7/clicks/decode`,
      code: 'SFS_WIRE_FORMAT',
      reason: 'it is no click',
      stage: null,
      topology: 'clicks',
      topologyVersion: 1,
    },
    ...{ sourceTopic, sourcePartition: 0, sourceOffset: 7, region, failedAtEventTimeMs: null },
    personal: { key: null, value: null, headers: [] },
  });
}

/** Nobody runs it: what stands in documents and topics is all that the page looks at. */
const replayed = topology(KNOWN.replayed, { version: 2 }, ({ source }) => {
  source(topics.cohortTrends).pipe(
    map(({ timestamp, value: { region } }) => ({
      ...{ key: segmentKey(COURSE, 'all'), timestamp },
      value: {
        ...{ course: COURSE, segment: 'all', region, madeAtMs: 0, validUntilMs: 1, modelVersion: 'counts-1', topologyVersion: 2 },
        items: [{ item: itemId('p1'), score: 1, learnerDays: 1 }],
      },
    })),
    to(topics.segmentRecommendations),
  );
});

/** Keeps a replay that has caught up, whose results are in a topic that is there, and empty. */
export async function keepConsoleReplay(options: ServerOptions): Promise<void> {
  const servers = await openServers(options);
  try {
    const { name, partitions, cleanup, retentionMs } = topics.segmentRecommendations;
    const shadow = { name: physicalTopicName(options.region, `${name}.v2`), partitions, cleanup, retentionMs };
    await (await servers.broker.admin()).createTopics([shadow], 1);
    const against = { number: 1, declared: 1, outputs: null };
    const replay = {
      number: 2,
      declared: 2,
      outputs: 2,
      status: 'caught-up',
      graph: graphOf(replayed),
      against,
      controlEnd: 0,
      range: null,
    } as const;
    await servers.cluster.documents.put(`deployed/${KNOWN.replayed}@${against.number}`, Buffer.from(JSON.stringify(graphOf(replayed))));
    await keepReplayState(servers.cluster.documents, KNOWN.replayed, { lastNumber: 2, live: null, replay });
  } finally {
    await servers.close();
  }
}
