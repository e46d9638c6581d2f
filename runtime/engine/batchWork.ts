import { SkillForgeError, errorCodeOf, errorMessageOf } from '../../schemas/index.js';
import type { BatchWork } from '../../operators/stage.js';
import type { StreamRecord } from '../../operators/record.js';
import type { Arrival } from './channel.js';
import type { PartitionInput } from './partitionInput.js';
import { unlessStopped } from './unlessStopped.js';

const done = new WeakSet<Arrival>();

/** True for a record of a batch stage that has not had its work. */
export function needsWork(input: PartitionInput, arrival: Arrival): boolean {
  return input.options.source.batch !== undefined && !arrival.header?.marker && arrival.error === null && !done.has(arrival);
}

/**
 * Does the asynchronous work of the arrivals that wait in an input and have not had it, up to the batch's size.
 * The results take the place of the values, in the queues: the order of processing stays that of the merge.
 * Returns true when something was done; rejects, and changes nothing, when `stopped` speaks first.
 */
export async function runBatch(input: PartitionInput, stopped?: AbortSignal): Promise<boolean> {
  const work = input.options.source.batch!;
  const waiting: { arrival: Arrival; put: (arrival: Arrival) => void }[] = [];
  for (const channel of input.channels.values()) {
    channel.eachWaiting((arrival, put) => {
      if (waiting.length < work.maxRecords && needsWork(input, arrival)) waiting.push({ arrival, put });
    });
  }
  if (waiting.length === 0) return false;
  const records = waiting.map(({ arrival }) => ({ key: arrival.key, value: arrival.value, timestamp: arrival.eventTimeMs }));
  const results = await unlessStopped(resultsOf(work, records), stopped);
  waiting.forEach(({ arrival, put }, index) => {
    const result = results[index];
    const worked: Arrival = result instanceof Error ? { ...arrival, error: failed(result), failedIn: work.stage } : { ...arrival, value: result };
    done.add(worked);
    put(worked);
  });
  return true;
}

async function resultsOf(work: BatchWork, records: readonly StreamRecord<string, unknown>[]): Promise<readonly unknown[]> {
  try {
    return await checkedRun(work, records);
  } catch (error) {
    if (records.length === 1) return [failed(error)];
    return oneByOne(work, records);
  }
}

/** Not all at once: what failed may be a service that is overloaded. */
async function oneByOne(work: BatchWork, records: readonly StreamRecord<string, unknown>[]): Promise<readonly unknown[]> {
  const results: unknown[] = [];
  for (const record of records) results.push(...(await resultsOf(work, [record])));
  return results;
}

async function checkedRun(work: BatchWork, records: readonly StreamRecord<string, unknown>[]): Promise<readonly unknown[]> {
  const results = await work.run(records);
  if (results.length === records.length) return results;
  throw new SkillForgeError('SFS_BATCH_RESULTS', `a batch of ${records.length} records gave ${results.length} results`);
}

/** An error with a code of its own keeps it. */
function failed(error: unknown): Error {
  if (error instanceof Error && errorCodeOf(error) !== 'SFS_PROCESSING_FAILED') return error;
  return new SkillForgeError('SFS_BATCH_FAILED', `the work of a batch stage failed: ${errorMessageOf(error)}`, { cause: error });
}
