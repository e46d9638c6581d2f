/** Follows what people decide about the recommender, so that new decisions go by it. */
import type { Models } from '../../operators/ports/models.js';
import {
  LocalSchemaIds,
  NO_MEASURES,
  Oversight,
  errorCodeOf,
  measureIn,
  measuresInText,
  measuresText,
  physicalTopicName,
  schemaCodec,
  topics,
  withMeasure,
  type MeasuresInForce,
  type SchemaCodec,
  type SchemaIds,
  type Control,
} from '../../schemas/index.js';
import type { FollowedExperiments, FollowedModels, FollowedOversight, FoundModel, RunModels } from '../engine/followedModels.js';
import { ModelsBeneath } from '../engine/modelsBeneath.js';
import { Looking } from '../looking.js';
import type { LogRecord, ToolAccess } from '../ports.js';

/** What is followed, and how; in brackets the defaults. */
export interface FollowOversightOptions {
  readonly region: string;
  /** Where the topic of measures is read. */
  readonly tools: Pick<ToolAccess, 'records'>;
  /** What decides where nobody decided anything: fixed, or followed in turn (the formula). */
  readonly models: RunModels | null;
  /** What decodes records (the ids of this package). */
  readonly schemas?: SchemaIds | undefined;
  /** Time between two looks, ms (1,000). */
  readonly everyMs?: number;
}

const EVERY_MS = 1_000;

/**
 * Puts what people decide over what decides: tasks turn to it as they turn to another model, and log it. A log that cannot be read changes nothing.
 * Whoever made it begins it, and closes it.
 */
export class OversightFollower extends ModelsBeneath implements FollowedModels {
  readonly oversight: FollowedOversight;
  readonly experiments?: FollowedExperiments;
  readonly find?: (number: string) => Promise<FoundModel>;
  readonly watch?: (models: Models) => Models;
  private readonly topic: string;
  private readonly codec: SchemaCodec<Control>;
  private readonly read = new Map<string, Oversight>();
  private readonly looking: Looking;
  private measures: MeasuresInForce = NO_MEASURES;
  private text = '';
  private next = 0;
  private looksBegun = 0;
  private lastLook = 0;

  constructor(private readonly options: FollowOversightOptions) {
    super(options.models);
    this.topic = physicalTopicName(options.region, topics.measures.name);
    this.codec = schemaCodec(topics.measures, options.schemas ?? LocalSchemaIds.withAccepted());
    this.looking = new Looking(options.everyMs ?? EVERY_MS, () => this.look().catch(() => undefined));
    const { experiments, find, watch } = this.followed ?? {};
    if (experiments !== undefined) this.experiments = experiments;
    if (find !== undefined) this.find = find;
    if (watch !== undefined) this.watch = watch;
    const current = (): FollowedOversight['current'] => (this.lastLook === 0 ? null : { text: this.text, look: this.lastLook });
    const looks = (): number => this.looksBegun;
    this.oversight = {
      get current() {
        return current();
      },
      get looks() {
        return looks();
      },
      read: (text) => this.oversightIn(text),
    };
  }

  /** Looks once, and goes on looking. */
  async begin(): Promise<void> {
    await this.look().catch(() => undefined);
    this.looking.begin();
  }

  get isStill(): boolean {
    return this.followed === null;
  }

  /** Ends looking; the models are closed by whoever opened them. */
  close(): Promise<void> {
    return this.looking.close();
  }

  private oversightIn(text: string): Oversight {
    let oversight = this.read.get(text);
    if (oversight === undefined) this.read.set(text, (oversight = new Oversight(measuresInText(text))));
    return oversight;
  }

  private async look(): Promise<void> {
    const look = ++this.looksBegun;
    try {
      for await (const record of this.options.tools.records(this.topic, 0, this.next)) {
        this.take(record);
        this.next = record.offset + 1;
      }
    } catch (error) {
      if (!NOT_THERE.has(errorCodeOf(error))) throw error;
    }
    this.text = measuresText(this.measures);
    this.lastLook = look;
  }

  private take({ key, value }: LogRecord): void {
    if (key === null || value === null) return;
    try {
      const measure = measureIn(this.codec.decode(value));
      if (measure?.region === this.options.region) this.measures = withMeasure(this.measures, measure);
    } catch {
      // Told where the topic is read as a whole.
    }
  }
}

/** Nobody has decided anything yet. */
const NOT_THERE: ReadonlySet<string> = new Set(['SFS_TOPIC_UNKNOWN', 'SFS_PARTITION_UNKNOWN']);
