import { setImmediate } from 'node:timers/promises';
import type { LogRecord, ToolAccess } from '../../runtime/ports.js';

/** Records that are read before others get their turn. */
const CHUNK = 1000;

/** The same tools, which let others work while they read records: a question of the page holds up nothing that the process is for. */
export const patientTools = (tools: ToolAccess): ToolAccess => ({
  ...tools,
  records: (topic, partition, from) => yielding(tools.records(topic, partition, from)),
});

async function* yielding(records: ReturnType<ToolAccess['records']>): AsyncGenerator<LogRecord, void, undefined> {
  let read = 0;
  for await (const record of records) {
    yield record;
    if (++read % CHUNK === 0) await setImmediate();
  }
}
