/** What changed in a list since it was last shown; marks stay for a while, so that whoever looks away does not miss them. */

const MARKED_MS = 15_000;

/** @typedef {{ readonly text: string, readonly untilMs: number }} Mark */

export class Changes {
  /** @type {ReadonlyMap<string, number> | null} */
  places = null;
  /** @type {Map<string, Mark>} */
  marks = new Map();

  /**
   * Compares with what was seen before. The first list changes nothing.
   * @param {readonly string[]} items in their order
   * @param {number} nowMs
   * @returns {number} how many items came or moved up
   */
  see(items, nowMs) {
    const before = this.places;
    this.places = new Map(items.map((item, place) => [item, place]));
    if (before === null) return 0;
    let changed = 0;
    items.forEach((item, place) => {
      const was = before.get(item);
      if (was !== undefined && was <= place) return;
      changed++;
      this.marks.set(item, { text: was === undefined ? 'new here' : `up ${was - place}`, untilMs: nowMs + MARKED_MS });
    });
    return changed;
  }

  /**
   * @param {string} item
   * @param {number} nowMs
   * @returns {string | null}
   */
  markOf(item, nowMs) {
    const mark = this.marks.get(item);
    if (mark === undefined) return null;
    if (mark.untilMs > nowMs) return mark.text;
    this.marks.delete(item);
    return null;
  }
}
