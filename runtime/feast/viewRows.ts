import { LocalSchemaIds, physicalTopicName, regionalCodec, topicCodec, type SchemaIds, type Topic } from '../../schemas/index.js';
import type { StreamView } from '../../operators/featureViews/featureView.js';
import { isMarker, readHeader } from '../engine/header.js';
import type { LogRecord } from '../ports.js';
import type { PlacedRow } from './feastStore.js';

/** A row of a stream view. */
export interface ViewRow extends PlacedRow {
  readonly view: StreamView;
}

/** A topic with the views that are made of it. */
export interface TopicViews {
  /** Physical name of the topic. */
  readonly topic: string;
  readonly views: readonly StreamView[];
  /** The rows of a record: none of a marker, `null` for what cannot be decoded, is of another region or has no event time. */
  rowsOf(partition: number, record: LogRecord): readonly ViewRow[] | null;
}

const NONE: readonly ViewRow[] = [];

/** The topics of some views. @param schemas - what decodes their records; the package's own unless given */
export function viewsByTopic(views: readonly StreamView[], region: string, schemas: SchemaIds = LocalSchemaIds.withAccepted()): TopicViews[] {
  const topics = new Set<Topic<string, unknown>>(views.map(({ topic }) => topic));
  return [...topics].map((topic) => {
    const own = views.filter((view) => view.topic === topic);
    const codec = regionalCodec(topic, topicCodec(topic, schemas), region);
    return {
      topic: physicalTopicName(region, topic.name),
      views: own,
      rowsOf: (partition, { key, value, header, offset }) => {
        if (value === null || isMarker(header)) return NONE;
        let decoded: unknown;
        try {
          decoded = codec.decode(key?.toString() ?? '', value);
        } catch {
          return null;
        }
        const toldMs = readHeader(header)?.eventTimeMs;
        const rows = own.map((view) => rowsIn(view, decoded, view.eventTimeMs?.(decoded) ?? toldMs, { partition, offset }));
        return rows.some((one) => one === null) ? null : rows.flatMap((one) => one ?? NONE);
      },
    };
  });
}

function rowsIn(view: StreamView, value: unknown, eventTimeMs: number | undefined, position: PlacedRow['position']): ViewRow[] | null {
  if (eventTimeMs === undefined) return null;
  return Array.from(view.rowsOf(value), ({ entity, values }) => ({ view, entity, values, eventTimeMs, position }));
}
