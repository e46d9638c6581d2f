import { setTimeout as sleep } from 'node:timers/promises';
import { LocalSchemaIds, SkillForgeError, errorCodeOf, errorMessageOf, type AvroRecord, type NamedSchema } from '../../schemas/index.js';
import { compileSchema } from '../../schemas/wire-schema.js';
import type { SchemaRegistry, Storage } from '../ports.js';
import type { RegistryClient } from './client.js';
import { schemaRefused, subjectOf, subjectProblems } from './subjectChange.js';

const IDS = 'schema-ids/';
const SUBJECTS = 'schema-subjects/';

/** A replica of a registry may hear of an id a moment after the producer has it. */
const ASKED_TIMES = 3;
const ASKED_AGAIN_MS = 500;
/** An id that the registry does not know is asked for again after this. */
const UNKNOWN_MS = 60_000;
/** Waiting helps: the registry is not there, or lets nobody in. */
const AWAY: ReadonlySet<string> = new Set(['SFS_REGISTRY_UNAVAILABLE', 'SFS_REGISTRY_REFUSED']);
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Schema ids of a registry, kept in memory and in the documents beside the state: known ids need no registry. The ids that the package
 * computes stay readable, for records that were written before there was a registry.
 */
export class RegisteredIds implements SchemaRegistry {
  private readonly local = LocalSchemaIds.withAccepted();
  private readonly schemas = new Map<number, NamedSchema>();
  /** Ids of what was registered here, by canonical schema. */
  private readonly registered = new Map<string, number>();
  /** Until when an id counts as unknown, by a clock that never goes back, ms. */
  private readonly unknown = new Map<number, number>();
  private readonly asked = new Map<number, Promise<void>>();

  /** @param onWarning - takes a line when the registry is away, and when it is back */
  constructor(
    private readonly client: RegistryClient,
    private readonly documents: Storage['documents'],
    private readonly onWarning: (warning: string) => void,
  ) {
    for (const name of documents.names(IDS)) this.schemas.set(Number(name.slice(IDS.length)), this.kept(name) as NamedSchema);
  }

  idOf(schemaName: string, schema: AvroRecord): number {
    return this.registered.get(compileSchema(schema).canonical) ?? this.local.idOf(schemaName, schema);
  }

  schemaOf(id: number): NamedSchema | null {
    return this.schemas.get(id) ?? this.local.schemaOf(id);
  }

  async register(topic: string, schemaName: string, schema: AvroRecord): Promise<void> {
    const subject = subjectOf(topic);
    let id: number;
    try {
      id = await this.client.register(subject, schema);
    } catch (error) {
      const known = errorCodeOf(error) === 'SFS_REGISTRY_UNAVAILABLE' ? this.knownId(subject, schema) : null;
      if (known === null) throw await this.explained(error, topic, schema);
      this.onWarning(`${errorMessageOf(error)}; going on with the id ${known} that it gave ${subject} before`);
      id = known;
    }
    const named = { name: schemaName, schema };
    this.assertSame(id, named);
    if (!this.schemas.has(id)) await this.keep(id, named);
    this.schemas.set(id, named);
    this.registered.set(compileSchema(schema).canonical, id);
    const document = SUBJECTS + subject;
    const { ids = [] } = (this.kept(document) ?? {}) as { ids?: readonly number[] };
    if (!ids.includes(id)) await this.documents.put(document, Buffer.from(JSON.stringify({ ids: [...ids, id] })));
  }

  isLearned(id: number): boolean {
    if (this.schemas.has(id) || this.local.schemaOf(id) !== null) return true;
    const untilMs = this.unknown.get(id);
    return untilMs !== undefined && performance.now() < untilMs;
  }

  learn(id: number): Promise<void> {
    let asked = this.asked.get(id);
    if (asked === undefined) this.asked.set(id, (asked = this.ask(id).finally(() => this.asked.delete(id))));
    return asked;
  }

  /** As long as the registry is away: whoever reads the partition waits. */
  private async ask(id: number): Promise<void> {
    let warned = false;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        await this.askOnce(id);
        if (warned) this.onWarning(`${this.client.address} answers again`);
        return;
      } catch (error) {
        const isAway = AWAY.has(errorCodeOf(error));
        if (!warned) this.onWarning(`${errorMessageOf(error)}; records of schema ${id} ${isAway ? 'wait' : 'cannot be read'}`);
        warned = true;
        if (!isAway) return this.forget(id);
        await sleep(pauseMs);
      }
    }
  }

  private async askOnce(id: number): Promise<void> {
    for (let time = 1; time <= ASKED_TIMES; time++) {
      if (time > 1) await sleep(ASKED_AGAIN_MS);
      const schema = await this.client.schemaOf(id);
      if (schema === null) continue;
      const named = { name: compileSchema(schema).name, schema };
      this.assertSame(id, named);
      this.schemas.set(id, named);
      // What can be read need not wait for the state, and is asked for again after a restart.
      await this.keep(id, named).catch((error: unknown) => this.onWarning(errorMessageOf(error)));
      return;
    }
    this.forget(id);
  }

  private forget(id: number): void {
    this.unknown.set(id, performance.now() + UNKNOWN_MS);
  }

  private keep(id: number, named: NamedSchema): Promise<void> {
    return this.documents.put(IDS + String(id), Buffer.from(JSON.stringify(named)));
  }

  private assertSame(id: number, now: NamedSchema): void {
    const before = this.schemas.get(id);
    if (before === undefined || compileSchema(before.schema).canonical === compileSchema(now.schema).canonical) return;
    const reason = `the id ${id} stands for ${now.name} in the schema registry at ${this.client.address}, and stood for another ${before.name} before`;
    throw new SkillForgeError('SFS_SCHEMA_ID_CLASH', `${reason}: it is another registry, or lost its data`, { context: { id } });
  }

  /** The id of a schema that was registered for a subject before. */
  private knownId(subject: string, schema: AvroRecord): number | null {
    const { ids = [] } = (this.kept(SUBJECTS + subject) ?? {}) as { ids?: readonly number[] };
    const { canonical } = compileSchema(schema);
    return ids.find((id) => compileSchema(this.schemas.get(id)!.schema).canonical === canonical) ?? null;
  }

  /** A registry says that it refuses; which field is the reason is found here. */
  private async explained(error: unknown, topic: string, schema: AvroRecord): Promise<unknown> {
    if (errorCodeOf(error) !== 'SFS_SCHEMA_REFUSED') return error;
    const problems = await subjectProblems(this.client, topic, schema);
    return problems.length === 0 ? error : schemaRefused(problems, error);
  }

  private kept(name: string): unknown {
    const bytes = this.documents.get(name);
    return bytes === null ? null : JSON.parse(bytes.toString());
  }
}
