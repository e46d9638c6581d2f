/** The schema registry's protocol, through its client. */
import { Agent } from 'node:https';
import { COMPATIBILITY, SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { SkillForgeError, errorMessageOf, selfContained, type AvroRecord } from '../../schemas/index.js';
import type { Compatibility, FullRegistryOptions } from './options.js';

/** A request that failed is tried again by who waits for it. */
const NO_RETRIES = { retries: 0 };
/** Subjects with more versions than that are looked at from here on. */
const MOST_VERSIONS = 1_000;

/** Requests to a registry. All may fail with SFS_REGISTRY_UNAVAILABLE, and with SFS_REGISTRY_REFUSED for who is not let in. */
export class RegistryClient {
  /** For messages: no secrets. */
  readonly address: string;
  /** That of the subjects that are written. */
  readonly compatibility: Compatibility;
  private readonly registry: SchemaRegistry;

  /** Connects when it is asked something. */
  constructor(options: FullRegistryOptions) {
    const url = new URL(options.url);
    const { username = decodeURIComponent(url.username), password = decodeURIComponent(url.password), tls, timeoutMs } = options;
    this.compatibility = options.compatibility;
    url.username = url.password = '';
    this.address = url.href.replace(/\/$/, '');
    this.registry = new SchemaRegistry({
      host: this.address,
      clientId: 'skillforge',
      retry: NO_RETRIES,
      ...(username === '' ? {} : { auth: { username, password } }),
      ...(tls === undefined ? {} : { agent: new Agent(tls) }),
      middlewares: [() => ({ prepareRequest: async (next) => (await next()).enhance({ timeout: timeoutMs }) })],
    });
  }

  /**
   * The id of a schema in a subject, which is made where there is none.
   * @throws SFS_SCHEMA_REFUSED when the registry finds it incompatible with the versions before; SFS_REGISTRY_COMPATIBILITY when the subject
   * has another compatibility than the options name
   */
  async register(subject: string, schema: AvroRecord): Promise<number> {
    const { compatibility } = this;
    try {
      const { id } = await this.registry.register(rawSchema(schema), { subject, compatibility: COMPATIBILITY[compatibility] });
      return id;
    } catch (error) {
      if (error instanceof Error && error.name === 'ConfluentSchemaRegistryCompatibilityError') throw this.otherCompatibility(subject, error);
      throw this.failure(error, `registering a schema of ${subject}`);
    }
  }

  /** The schema of an id; `null` where the registry has none, or one that is none of Avro. */
  async schemaOf(id: number): Promise<AvroRecord | null> {
    const found = (await this.unlessMissing(() => this.registry.getSchema(id), `asking for the schema ${id}`)) as Partial<AvroType> | null;
    return typeof found?.schema === 'function' ? found.schema({ exportAttrs: true }) : null;
  }

  /** The newest schema of a subject; `null` for a subject that is not there, or whose newest is none of Avro. */
  async newest(subject: string): Promise<AvroRecord | null> {
    const id = await this.unlessMissing(() => this.registry.getLatestSchemaId(subject), `asking for the newest version of ${subject}`);
    return id === null ? null : this.schemaOf(id);
  }

  /** The schemas of a subject, the oldest first; none for a subject that is not there. */
  async versions(subject: string): Promise<AvroRecord[]> {
    const doing = `asking for the versions of ${subject}`;
    const latest = await this.unlessMissing(() => this.registry.getLatestSchemaId(subject), doing);
    const schemas: AvroRecord[] = [];
    if (latest === null) return schemas;
    for (let version = 1; version <= MOST_VERSIONS; version++) {
      // Versions that were deleted leave gaps.
      const id = await this.unlessMissing(() => this.registry.getRegistryId(subject, version), doing);
      const schema = id === null ? null : await this.schemaOf(id);
      if (schema !== null) schemas.push(schema);
      if (id === latest) break;
    }
    return schemas;
  }

  private async unlessMissing<T>(request: () => Promise<T>, doing: string): Promise<T | null> {
    try {
      return await request();
    } catch (error) {
      const status = statusOf(error);
      // Without a status it was answered: with a schema that the client cannot read.
      if (status === 404 || status === undefined) return null;
      throw this.failure(error, doing);
    }
  }

  private otherCompatibility(subject: string, cause: Error): SkillForgeError {
    const { compatibility } = this;
    const found = /!= (\w+)/.exec(cause.message)?.[1] ?? 'another';
    const reason = `the subject ${subject} has the compatibility ${found}, and ${compatibility} is expected: set it there, or name ${found} in the options`;
    return this.failed('SFS_REGISTRY_COMPATIBILITY', reason, { cause, context: { subject, found, expected: compatibility } });
  }

  private failure(cause: unknown, doing: string): SkillForgeError {
    const status = statusOf(cause);
    const reason = `${doing}: ${errorMessageOf(cause)}`;
    if (status === 409 || status === 422) return this.failed('SFS_SCHEMA_REFUSED', reason, { cause });
    if (status === 401 || status === 403) return this.failed('SFS_REGISTRY_REFUSED', reason, { cause });
    return this.failed('SFS_REGISTRY_UNAVAILABLE', reason, { cause, retriable: true });
  }

  private failed(code: `SFS_${string}`, reason: string, details: ConstructorParameters<typeof SkillForgeError>[2] = {}): SkillForgeError {
    return new SkillForgeError(code, `the schema registry at ${this.address}: ${reason}`, details);
  }
}

/** What the client answers with for a schema of Avro. */
interface AvroType {
  schema(options: { readonly exportAttrs: true }): AvroRecord;
}

/** The client's type wants what every schema of ours has. */
const rawSchema = (schema: AvroRecord): Parameters<SchemaRegistry['register']>[0] =>
  selfContained(schema) as unknown as Parameters<SchemaRegistry['register']>[0];

/** A registry that is not reached has 400 here, too. */
function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'status' in error ? (error.status as number) : undefined;
}
