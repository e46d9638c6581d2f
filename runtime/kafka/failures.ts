/** The errors of the Kafka drivers, in one wording for both clients. */
import { SkillForgeError, type ErrorCode } from '../../schemas/index.js';
import type { FullKafkaOptions } from './options.js';

/** Makes errors that name the cluster, and that hold no password. */
export class Failures {
  private readonly addresses: string;

  constructor(private readonly options: FullKafkaOptions) {
    this.addresses = options.brokers.join(',');
  }

  /** @param doing - such as `writing to clicks` */
  unavailable(doing: string, cause: unknown): SkillForgeError {
    return this.make('SFS_BROKER_UNAVAILABLE', `no broker of ${this.addresses} answered while ${doing}`, cause, true);
  }

  /** Wrong user, password or certificate, or no permission. */
  refused(doing: string, cause: unknown): SkillForgeError {
    return this.make('SFS_BROKER_REFUSED', `the brokers ${this.addresses} refused ${doing}`, cause, false);
  }

  /** What has no code of its own. */
  failed(doing: string, cause: unknown): SkillForgeError {
    return this.make('SFS_BROKER_FAILED', `${doing} failed at ${this.addresses}`, cause, false);
  }

  fenced(doing: string, cause: unknown): SkillForgeError {
    return this.make('SFS_FENCED', `${doing} was refused: a newer owner has taken over`, cause, false);
  }

  aborted(doing: string, cause: unknown): SkillForgeError {
    return this.make('SFS_TRANSACTION_ABORTED', `the transaction was aborted while ${doing}`, cause, true);
  }

  unknownEnd(doing: string, cause: unknown): SkillForgeError {
    return this.make('SFS_TRANSACTION_UNKNOWN', `${this.addresses} did not say whether the transaction was committed, while ${doing}`, cause, true);
  }

  producerClosed(reason: string): SkillForgeError {
    return new SkillForgeError('SFS_PRODUCER_CLOSED', `the producer cannot be used any more: ${reason}`);
  }

  topicUnknown(topics: readonly string[]): SkillForgeError {
    return new SkillForgeError('SFS_TOPIC_UNKNOWN', `there is no topic ${topics.join(', ')} at ${this.addresses}`, { context: { topics } });
  }

  partitionUnknown(doing: string): SkillForgeError {
    return new SkillForgeError('SFS_PARTITION_UNKNOWN', `${doing}: the topic has no partition of this number at ${this.addresses}`);
  }

  tooLarge(doing: string, cause: unknown): SkillForgeError {
    return this.make('SFS_RECORD_TOO_LARGE', `${doing}: a record is larger than the client or the topic allows`, cause, false);
  }

  /** @param start - the first offset that the partition still has, where it is known */
  outOfRange(topic: string, partition: number, offset: number, start: number | null): SkillForgeError {
    const from = start === null ? '' : `: it begins at ${start}`;
    return new SkillForgeError('SFS_OFFSET_OUT_OF_RANGE', `offset ${offset} of ${topic}/${partition} is not in its log${from}`, {
      context: { topic, partition, offset, start },
    });
  }

  private make(code: ErrorCode, message: string, cause: unknown, retriable: boolean): SkillForgeError {
    const text = cause instanceof Error ? cause.message : String(cause);
    return new SkillForgeError(code, this.withoutSecrets(`${message}: ${text}`), { cause: this.harmless(cause), retriable });
  }

  /** The cause, unless a client has put the password into it. */
  private harmless(cause: unknown): unknown {
    const text = cause instanceof Error ? `${cause.message}${cause.stack ?? ''}` : String(cause);
    return this.withoutSecrets(text) === text ? cause : undefined;
  }

  private withoutSecrets(text: string): string {
    const secrets = [this.options.sasl?.password, this.options.tls?.privateKey].filter((secret) => secret !== undefined && secret !== '');
    return secrets.reduce<string>((rest, secret) => rest.replaceAll(secret!, '***'), text);
  }
}
