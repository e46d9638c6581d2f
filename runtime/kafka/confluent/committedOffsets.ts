/** What a group has committed, out of the package's answers. */
import type { CommittedOffset, TopicPartition } from '../broker.js';
import { asError, type NativePartition } from './native.js';

/** In the order of what was asked for. An error of one partition is thrown. */
export function committedOf(answers: readonly (NativePartition | Error)[], asked: readonly TopicPartition[]): CommittedOffset[] {
  const failed = answers.find((answer) => answer instanceof Error);
  if (failed !== undefined) throw failed;
  const found = answers as readonly NativePartition[];
  return asked.map(({ topic, partition }) => {
    const answer = found.find((one) => one.topic === topic && one.partition === partition);
    if (answer?.error !== undefined && answer.error.code !== 0) throw asError(answer.error);
    const offset = answer?.offset;
    return { topic, partition, offset: offset === undefined || offset < 0 ? null : offset, metadata: answer?.metadata ?? '' };
  });
}
