/** Serves the page over a school. */
import Fastify from 'fastify';
import { consoleRoutes } from '../../../reader/console.js';
import { LocalSchemaIds, topicCodec, topics, type RecommendedItem } from '../../../schemas/index.js';
import { latestByKey } from '../../../scripts/commands/logReading.js';
import { consoleSource } from '../../../scripts/serving/consoleSource.js';
import { COURSE, NOW_MS, REGION, type School } from './school.js';

export interface Served {
  readonly url: string;
  readonly close: () => Promise<unknown>;
}

const recommendations = topicCodec(topics.recommendations, LocalSchemaIds.withAccepted());
const segments = topicCodec(topics.segmentRecommendations, LocalSchemaIds.withAccepted());
const catalogue = topicCodec(topics.catalogue, LocalSchemaIds.withAccepted());

/** What a client is answered at `/v1`: a stand-in for the reader, of which the page needs no more. */
function answer(school: School, learner: string, list: 'next' | 'new') {
  const itemOf = ({ item, score, source, reasons }: Pick<RecommendedItem, 'item' | 'score'> & { source: string; reasons: readonly string[] }) => {
    const found = latestByKey(school.storage, `${REGION}.catalogue`).get(item);
    const { title, kind } = catalogue.decode(item, found!.value!);
    return { item, course: COURSE, score, source, title, kind, reasons: reasons.map((code) => ({ code, text: `because of ${code}` })) };
  };
  const found = latestByKey(school.storage, `${REGION}.recommendations`).get(learner);
  if (found === undefined) {
    const { madeAtMs, validUntilMs, items, modelVersion, topologyVersion } = segments.decode(
      '',
      latestByKey(school.storage, `${REGION}.segment-recommendations`).get(`${COURSE}|all`)!.value!,
    );
    const times = { madeAt: new Date(madeAtMs).toISOString(), validUntil: new Date(validUntilMs).toISOString() };
    return {
      learner,
      list,
      served: 'popular',
      ...times,
      model: modelVersion,
      topologyVersion,
      variant: null,
      items: items.map((one) => itemOf({ ...one, source: 'POPULAR', reasons: [] })),
    };
  }
  const { madeAtMs, validUntilMs, personal, modelVersion, topologyVersion, variant } = recommendations.decode(learner, found.value!);
  const times = { madeAt: new Date(madeAtMs).toISOString(), validUntil: new Date(validUntilMs).toISOString() };
  const items = personal.courses.flatMap((course) => course[list]).map(itemOf);
  return { learner, list, served: validUntilMs > NOW_MS ? 'personal' : 'stale', ...times, model: modelVersion, topologyVersion, variant, items };
}

/** @param port - 0 for any that is free */
export async function serve(school: School, port = 0): Promise<Served> {
  const app = Fastify({ routerOptions: { maxParamLength: 1024 } });
  app.get<{ Params: { id: string }; Querystring: { list: 'next' | 'new' } }>('/v1/learners/:id/recommendations', ({ params, query }) =>
    answer(school, params.id, query.list),
  );
  await app.register(consoleRoutes, {
    source: consoleSource(school.storage, { region: REGION }),
    learners: (prefix, limit) =>
      [...latestByKey(school.storage, `${REGION}.recommendations`).keys()]
        .filter((key) => key.startsWith(prefix))
        .sort()
        .slice(0, limit),
    isDenied: () => false,
    now: () => NOW_MS,
  });
  const url = await app.listen({ port, host: '127.0.0.1' });
  return { url, close: () => app.close() };
}
