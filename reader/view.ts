/** Reads a view: what is served of a learner, a segment, an item. Nothing here waits, so an answer is of one instant. */
import {
  NO_OVERSIGHT,
  Oversight,
  WHOLE_COURSE,
  measuresInText,
  segmentKey,
  topics,
  type CatalogueItem,
  type OverrideDetails,
  type SegmentRecommendation,
} from '../schemas/index.js';
import type { Look } from './look.js';
import { MEASURES_ROW, rowKey, rowPrefix, type ViewHead, type ViewStore } from './viewStore.js';
import { ViewSeal } from './viewSeal.js';
import { FIRST_SERVED, OVERRIDES, type OpenRecommendation, type ViewCodecs } from './viewTopics.js';

const SEGMENTS = topics.segmentRecommendations.name;
const CATALOGUE = topics.catalogue.name;

/** Items of the catalogue that are kept decoded; where there are more, they are decoded anew. */
const MOST_ITEMS = 20_000;

/** A view of a region's recommendations. */
export class RecommendationView {
  private wholeCourses: { readonly version: number; readonly lists: readonly SegmentRecommendation[] } | null = null;
  private overseen: { readonly text: string; readonly oversight: Oversight } = { text: '', oversight: NO_OVERSIGHT };
  private overseenAt: number | undefined;
  private readonly items = new Map<string, CatalogueItem | null>();
  private itemsAt: number | undefined;

  constructor(
    private readonly store: ViewStore,
    private readonly codecs: ViewCodecs,
    private readonly seal = new ViewSeal(),
  ) {}

  /** The head as of now; later reads of the same turn see the rows of this instant. */
  head(): ViewHead | null {
    return this.store.head().head;
  }

  /** Logical name of the topic that is served. */
  served(): string {
    return this.head()?.served ?? FIRST_SERVED;
  }

  /**
   * What there is of a learner, or of nobody in particular. The head is looked at once: later reads of the same turn see the rows of this instant.
   * @param isProfiled - whether the record may be looked at
   */
  look(learner: string | null, isProfiled = false): Look {
    const { head } = this.store.head();
    const catalogueAt = head?.catalogueAt;
    if (catalogueAt !== this.itemsAt) this.items.clear();
    this.itemsAt = catalogueAt;
    const override = learner === null ? null : this.store.get(rowKey(OVERRIDES, learner));
    const record = learner === null || !isProfiled ? null : this.store.get(rowKey(head?.served ?? FIRST_SERVED, learner));
    return { learner, record, override, oversight: this.oversightOf(head), catalogueAt };
  }

  /** What a person decided about the learner; `null` where nobody did, or it was taken back, and where it cannot be opened: the record cannot be, either. */
  override({ learner, override }: Pick<Look, 'learner' | 'override'>): OverrideDetails | null {
    if (learner === null || override === null) return null;
    try {
      const { personal } = this.codecs.override(learner, this.seal.opened(OVERRIDES, learner, override));
      return personal.baseline || personal.pinned.length > 0 || personal.excluded.length > 0 ? personal : null;
    } catch {
      return null;
    }
  }

  /** The record that was looked at; `null` where there is none that can be opened. */
  recommendation({ learner, record }: Pick<Look, 'learner' | 'record'>): OpenRecommendation | null {
    return learner === null || record === null ? null : this.opened(learner, record);
  }

  /** Every record of the served version that can be opened, by the bytes of the learners' ids. */
  *recommendations(served = this.served()): Generator<OpenRecommendation, void, undefined> {
    const prefix = rowPrefix(served);
    for (const { key, value } of this.store.scan(prefix)) {
      const record = this.opened(key.slice(prefix.length), value);
      if (record !== null) yield record;
    }
  }

  /** Learners of the served version whose id begins with `prefix`, by the bytes of their ids. */
  *learners(prefix: string): Generator<string, void, undefined> {
    const topic = rowPrefix(this.served());
    for (const { key } of this.store.scan(topic + prefix)) yield key.slice(topic.length);
  }

  /** The list of a segment of a course; `null` where there is none. */
  segment(course: string, segment: string): SegmentRecommendation | null {
    if (course === '' || segment === '' || course.includes('|')) return null;
    const value = this.store.get(rowKey(SEGMENTS, segmentKey(course, segment)));
    return value === null ? null : this.codecs.segment(value);
  }

  /** The lists of one segment in every course that has it, by course. */
  segments(segment: string): readonly SegmentRecommendation[] {
    if (segment !== WHOLE_COURSE) return this.segmentsOf(segment);
    const { version } = this.store.head();
    if (this.wholeCourses?.version !== version) this.wholeCourses = { version, lists: this.segmentsOf(WHOLE_COURSE) };
    return this.wholeCourses.lists;
  }

  /** An item of the catalogue, as of the last {@link look}; `null` where it is not known. */
  item(item: string): CatalogueItem | null {
    const kept = this.items.get(item);
    if (kept !== undefined) return kept;
    const value = this.store.get(rowKey(CATALOGUE, item));
    const found = value === null ? null : this.codecs.item(value);
    if (this.items.size >= MOST_ITEMS) this.items.clear();
    this.items.set(item, found);
    return found;
  }

  /** Items that are not withdrawn; `null` where the catalogue has more rows than `most`. */
  catalogueItems(most: number): number | null {
    let [rows, items] = [0, 0];
    for (const { value } of this.store.scan(rowPrefix(CATALOGUE))) {
      if (++rows > most) return null;
      if (!this.codecs.item(value).withdrawn) items++;
    }
    return items;
  }

  private oversightOf(head: ViewHead | null): Oversight {
    // The row changes with this number alone: it is not read for each answer.
    if (head?.measuredAt !== this.overseenAt) {
      const text = this.store.get(MEASURES_ROW)?.toString() ?? '';
      if (text !== this.overseen.text) this.overseen = { text, oversight: new Oversight(measuresInText(text)) };
      this.overseenAt = head?.measuredAt;
    }
    return this.overseen.oversight;
  }

  private segmentsOf(segment: string): SegmentRecommendation[] {
    const found: SegmentRecommendation[] = [];
    for (const { key, value } of this.store.scan(rowPrefix(SEGMENTS))) if (key.endsWith(`|${segment}`)) found.push(this.codecs.segment(value));
    // A segment may hold the separator: the end of the key alone does not tell.
    return found.filter((list) => list.segment === segment);
  }

  /** What was sealed under a key that is gone is erased, and what is sealed under one that is not at hand is not there for now: nothing is known of the learner. */
  private opened(learner: string, value: Buffer): OpenRecommendation | null {
    try {
      return this.codecs.recommendation(learner, this.seal.opened(FIRST_SERVED, learner, value));
    } catch {
      return null;
    }
  }
}
