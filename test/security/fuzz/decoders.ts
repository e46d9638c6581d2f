/** Bytes that come from logs, stores and files. */
import { fileURLToPath } from 'node:url';
import { DecisionLog } from '../../../runtime/engine/decisions.js';
import { HeaderReader, HeaderWriter, markerIdOf, readOrigin, withoutSequence } from '../../../runtime/engine/header.js';
import { decodeProgress, encodeProgress, newProgress } from '../../../runtime/engine/progress.js';
import { decodeValue, encodeValue } from '../../../runtime/feast/value.js';
import { readCovisits } from '../../../runtime/models/covisits.js';
import { readContributions } from '../../../runtime/models/contributions.js';
import { readFactors } from '../../../runtime/models/itemFactors.js';
import { parseManifest, parsedJson } from '../../../runtime/models/manifest.js';
import { readBundle, type Bundle } from '../../../runtime/models/bundle.js';
import { readReference } from '../../../runtime/models/reference.js';
import { readSegments } from '../../../runtime/models/segments.js';
import { experimentsOf } from '../../../runtime/experiments/experiments.js';
import { readPayload } from '../../../runtime/experiments/payload.js';
import { ViewCodecs } from '../../../reader/viewTopics.js';
import { LocalSchemaIds, schemaCodec, schemaOf, topicCodec, topics, type Topic } from '../../../schemas/index.js';
import { JsonValues } from '../../../scripts/commands/jsonValues.js';
import { spoilt, spoiltText, spoiltValue, valueOf, type Chance } from './chance.js';
import { refusing, type Target } from './target.js';

const ids = LocalSchemaIds.withAccepted();
const ALL = Object.values(topics) as Topic<string, unknown>[];

const records: Target = {
  name: 'records of every topic',
  open: () => {
    const codecs = ALL.map((topic) => ({ schema: schemaOf(topic), wire: schemaCodec(topic, ids), open: topicCodec(topic, ids) }));
    return Promise.resolve({
      feed: (chance) => {
        const { schema, wire, open } = chance.one(codecs);
        const bytes = wire.encode(valueOf(schema, chance));
        // What is encoded comes back; what is spoilt is refused, or is another record.
        wire.decode(bytes);
        return refusing(() => open.decode('ada', spoilt(bytes, chance)));
      },
    });
  },
};

const headers: Target = {
  name: 'headers of the engine',
  open: () => {
    const writer = new HeaderWriter({ name: 'x@1/0', partition: 1, count: 4 });
    const times = { eventTimeMs: 1, streamTimeMs: 2, watermarkMs: 3 };
    const kinds = [
      writer.record(times, { topic: 'eu-west.clicks', partition: 1, offset: 2, index: 0 }, 7),
      writer.marker(times, { idle: true, end: false }),
    ];
    return Promise.resolve({
      feed: (chance) => {
        const header = spoilt(chance.one(kinds), chance);
        new HeaderReader().read(header);
        readOrigin(header);
        markerIdOf(header);
        withoutSequence(header);
      },
    });
  },
};

const control = (chance: Chance): Record<string, unknown> => {
  const payload = chance.one([
    { topic: 'recommendations', serve: 'recommendations.v2' },
    { model: { number: '1', digest: 'x' }, experiments: null, fromMs: 1, count: 1 },
    { phase: 'idle', records: 1, clocks: 0, clockMs: 1, watermarkMs: null },
  ]);
  const value = valueOf(schemaOf(topics.control), chance) as Record<string, unknown>;
  const text = chance.below(2) === 0 ? JSON.stringify(spoiltValue(payload, chance)) : spoiltText(JSON.stringify(payload), chance);
  return {
    ...value,
    region: 'eu-west',
    topology: 'x',
    topologyVersion: 1,
    subtopology: 0,
    partition: 0,
    payload: chance.below(9) === 0 ? null : text,
  };
};

const controls: Target = {
  name: 'control records and pointers',
  open: () => {
    const topic = topics.control as Topic<string, unknown>;
    const codec = topicCodec(topic, ids);
    const view = new ViewCodecs('eu-west');
    return Promise.resolve({
      feed: async (chance) => {
        const value = codec.encode('id', control(chance));
        await refusing(() => view.pointer(value));
        const record = { offset: 0, appendTimeMs: 0, key: Buffer.from('id'), value, header: null };
        const log = new DecisionLog({ records: (_, partition) => (partition === 0 ? [record] : []) }, 'eu-west.control', codec);
        await refusing(() => log.of('x@1/0/0'));
      },
    });
  },
};

const lines: Target = {
  name: 'lines of JSON for topics',
  open: () => {
    const values = ALL.map((topic) => ({ schema: schemaOf(topic), reading: new JsonValues(schemaOf(topic)) }));
    return Promise.resolve({
      feed: async (chance) => {
        const { schema, reading } = chance.one(values);
        const value = valueOf(schema, chance);
        const text = chance.below(2) === 0 ? JSON.stringify(spoiltValue(value, chance)) : spoiltText(JSON.stringify(value), chance);
        const raw = Buffer.from(text);
        await refusing(() => reading.read(raw));
        await refusing(() => reading.withoutUnknown(raw));
      },
    });
  },
};

const fixture = (name: string): Bundle => readBundle(fileURLToPath(new URL(`../../runtime/models/fixtures/${name}`, import.meta.url)));

/** Bundles that training wrote; their manifests and parts are spoilt one at a time, past the digests that would find that out. */
const bundles: Target = {
  name: 'manifests and parts of models',
  open: () => {
    const [ranking, retrieval, trained] = [fixture('bundle'), fixture('retrieval/bundle'), fixture('trained/bundle')];
    const [columns, named] = [ranking.manifest.featureSet!.columns.length, trained.manifest.featureSet!.columns];
    const trees = (bundle: Bundle): unknown => readContributions('trees', parsedJson('trees', bundle.file('trees-next.json')!.toString()), columns);
    const parts: readonly (readonly [bundle: Bundle, name: string, read: (bundle: Bundle) => unknown])[] = [
      [ranking, 'covisits.json', readCovisits],
      [ranking, 'item-factors.json', readFactors],
      [ranking, 'trees-next.json', trees],
      [retrieval, 'segments.json', readSegments],
      [trained, 'reference.json', (bundle) => readReference(bundle, named)],
    ];
    const manifest = JSON.stringify({ format: 1, kind: 'bundle', ...ranking.manifest });
    return Promise.resolve({
      feed: async (chance) => {
        await refusing(() => parseManifest('manifest.json', spoiltJson(manifest, chance)));
        const [bundle, name, read] = chance.one(parts);
        const bytes = Buffer.from(spoiltJson(bundle.file(name)!.toString(), chance));
        await refusing(() => read({ ...bundle, file: (asked) => (asked === name ? bytes : bundle.file(asked)) }));
      },
    });
  },
};

/** Of a long text, a place of the text is as good as one of the value. */
const spoiltJson = (text: string, chance: Chance): string =>
  text.length > 50_000 || chance.below(2) === 0 ? spoiltText(text, chance) : JSON.stringify(spoiltValue(JSON.parse(text), chance));

const RULE = { condition: { courses: { $elemMatch: { $eq: 'AAA' } } }, coverage: 1, hashAttribute: 'id' };
const PAYLOAD = {
  dateUpdated: '2026-01-01T00:00:00Z',
  features: {
    'recommendations.ranker': {
      defaultValue: 'model',
      rules: [{ ...RULE, key: 'ranker', variations: ['model', 'formula'], weights: [0.5, 0.5], seed: 'x' }],
    },
    'recommendations.policy': { defaultValue: {}, rules: [{ ...RULE, force: { diversity: 0.2 } }] },
  },
};
const payloads: Target = {
  name: 'payloads of GrowthBook',
  open: () =>
    Promise.resolve({
      feed: async (chance) => {
        const text = chance.below(2) === 0 ? JSON.stringify(spoiltValue(PAYLOAD, chance)) : spoiltText(JSON.stringify(PAYLOAD), chance);
        await refusing(() => {
          const { text: kept } = readPayload(text, 'a file');
          experimentsOf(kept).assign({ id: 'ada', region: 'eu-west', courses: ['AAA'], cohorts: [] }, {});
        });
      },
    }),
};

const stores: Target = {
  name: 'progress of tasks and values of Feast',
  open: () => {
    const progress = encodeProgress(newProgress());
    const values = [encodeValue('STRING', 'text'), encodeValue('FLOAT', 1.5), encodeValue('INT64', 7)];
    return Promise.resolve({
      feed: async (chance) => {
        await refusing(() => decodeValue(spoilt(chance.one(values), chance)));
        await refusing(() => decodeProgress(spoilt(progress, chance)));
      },
    });
  },
};

export const decoderTargets: readonly Target[] = [records, headers, controls, lines, bundles, payloads, stores];
