/**
 * Reads recommendations: a client library for programs that read the topic themselves, and the server of the same answers over
 * HTTP.
 *
 * @example
 * const client = await RecommendationClient.open({ log: storage.log, region: 'eu-west', store: { folder: './view' } });
 * await client.caughtUp();
 * client.get('learner-7', { list: 'new', limit: 5 });
 */
export type { Answer, AnswerSource, AnsweredItem, ListName, Question, Reason, Served } from './answer.js';
export { RecommendationClient, type ClientNotice, type ClientOptions, type ClientStatus, type RecommendationChange } from './client.js';
export type { ConsoleSource } from './console.js';
export { openDenyList, type DeniedLearner, type DenyList } from './denyList.js';
export {
  RecommendationHttpClient,
  type ExposureEvent,
  type FeedbackEvent,
  type HttpAnswer,
  type HttpChange,
  type HttpClientOptions,
  type HttpSegmentAnswer,
} from './httpClient.js';
export type { LogEntry, RecommendationLog } from './log.js';
export type { UnusableRecord } from './passWork.js';
export { noticeOf, type Notice } from './notice.js';
export type { RebuildReason } from './rebuilding.js';
export { newKey, type KeyEntry, type KeyGrant } from '../http/access/apiKeys.js';
export type { IssuerOptions } from '../http/access/issuer.js';
export { readKeys, writeKeys } from '../http/access/keyFile.js';
export { isLoopback } from '../http/access/loopback.js';
export type { AccessOptions } from '../http/access/policy.js';
export type { ServerTls } from '../http/tlsServer.js';
export { SCOPES, isScope, type Scope } from '../http/access/principal.js';
export type { EventLog, EventPlace, EventWriter, NumberedLog, ReaderEvent } from './events.js';
export { READER_METRICS, type ReaderMetric } from './metrics.js';
export { OUTBOX_BYTES, type OutboxOptions, type OutboxStatus } from './outboxWriter.js';
export { createReader, DEFAULT_PORT, type ListenOptions, type Reader, type ReaderOptions } from './server.js';
export { assertShard, isReadByShard, shardOf, type Shard } from './shard.js';
export type { ViewPlace } from './viewStore.js';
export { isReadByView } from './viewTopics.js';
