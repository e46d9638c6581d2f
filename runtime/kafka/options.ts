/** How to reach a cluster, in one form for both clients. */

/** TLS to the brokers; `{}` trusts the certificates of the system. PEM texts, not paths. */
export interface TlsOptions {
  /** Certificates to trust instead of the system's. */
  readonly ca?: string;
  /** Certificate of this client and its key, where brokers ask for one. */
  readonly certificate?: string;
  readonly privateKey?: string;
}

/** SASL user and password. PLAIN sends the password as it is: only with TLS. */
export interface SaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** How to reach a Kafka cluster, and how its clients behave. */
export interface KafkaOptions {
  /** Addresses to begin with, such as `kafka-1:9092`. */
  readonly brokers: readonly string[];
  /** What the brokers call this client in logs and quotas; `skillforge` by default. */
  readonly clientId?: string;
  readonly tls?: TlsOptions;
  readonly sasl?: SaslOptions;
  /**
   * The id of a marker's producer, `null` for the header of a record: a marker has no key, and a compacted topic keeps the last one of each id.
   * The engine has a `markerIdOf`.
   */
  readonly markerIdOf: (header: Buffer) => string | null;
  /** A member that was silent for so long is out of its group, ms; 15,000 by default. Brokers allow 6,000 and more. */
  readonly sessionTimeoutMs?: number;
  /** How long {@link AssignmentListener.revoked} may take before the partitions are given away all the same, ms; 120,000 by default. */
  readonly drainTimeoutMs?: number;
  /** How long a call tries to reach the brokers before `SFS_BROKER_UNAVAILABLE`, ms; 30,000 by default. */
  readonly requestTimeoutMs?: number;
  /** After so long without an end the brokers abort a transaction, ms; 30,000 by default. */
  readonly transactionTimeoutMs?: number;
  /** Properties of librdkafka by their own names, for the driver `confluent`: they win over what the driver sets. */
  readonly librdkafka?: Readonly<Record<string, string | number | boolean>>;
  /** Lets kafkajs produce although it can lose acknowledged records when a partition changes its leader (ADR 0012). */
  readonly allowUnsafeProducer?: boolean;
  /** Takes warnings, a line each; `process.emitWarning` by default. */
  readonly onWarning?: (warning: string) => void;
}

/** {@link KafkaOptions} with its defaults. */
export type FullKafkaOptions = Omit<KafkaOptions, keyof typeof DEFAULTS> & Required<Pick<KafkaOptions, keyof typeof DEFAULTS>>;

const DEFAULTS = {
  clientId: 'skillforge',
  sessionTimeoutMs: 15_000,
  drainTimeoutMs: 120_000,
  requestTimeoutMs: 30_000,
  transactionTimeoutMs: 30_000,
  librdkafka: {},
  allowUnsafeProducer: false,
  onWarning: (warning: string) => process.emitWarning(warning),
} satisfies Partial<KafkaOptions>;

/** Fills in what was left out. */
export const withDefaults = (options: KafkaOptions): FullKafkaOptions => ({ ...DEFAULTS, ...options });
