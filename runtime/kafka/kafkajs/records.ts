/** Records of kafkajs as the log's, and back. */
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import type { LogRecord, OutputRecord } from '../../ports.js';
import { readParts, writtenParts } from '../markerKeys.js';

const HEADER_NAME = 'skillforge';

/** What was read. */
export function recordsOf(messages: readonly KafkaMessage[]): LogRecord[] {
  return messages.map((message) => {
    const header = headerOf(message.headers);
    const { key, value } = readParts(message.key, message.value, header);
    return { offset: Number(message.offset), appendTimeMs: Number(message.timestamp), key, value, header };
  });
}

function headerOf(headers: IHeaders | undefined): Buffer | null {
  const found = headers?.[HEADER_NAME];
  const first = Array.isArray(found) ? found[0] : found;
  if (first === undefined) return null;
  return typeof first === 'string' ? Buffer.from(first) : first;
}

/** What is written. @throws SFS_KEY_INVALID */
export function messageOf(record: OutputRecord, markerIdOf: (header: Buffer) => string | null): Message {
  const { key, value, header } = writtenParts(record, markerIdOf);
  return { key, value, partition: record.partition, ...(header === null ? {} : { headers: { [HEADER_NAME]: header } }) };
}
