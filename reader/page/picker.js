/** The search for a learner: a combobox whose list is always open. Arrow keys move in the list, Enter picks, Escape empties the search. */
import { askLearners } from './server.js';
import { element, part, setText } from './elements.js';
import { countText } from './words.js';

const MOST = 50;
const TYPING_MS = 120;

export class Picker {
  search = /** @type {HTMLInputElement} */ (part('search'));
  list = part('found');
  note = part('found-note');
  /** @type {readonly string[]} */
  learners = [];
  /** Index of the option that Enter picks; -1 for none. */
  active = -1;
  /** @type {string | null} */
  picked = null;
  /** @type {number | undefined} */
  typing;
  /** Counts requests: an answer that comes after a newer one is dropped. */
  asked = 0;

  /** @param {(learner: string) => void} onPick */
  constructor(onPick) {
    this.onPick = onPick;
    this.search.addEventListener('input', () => {
      window.clearTimeout(this.typing);
      this.typing = window.setTimeout(() => void this.refresh().catch(() => undefined), TYPING_MS);
    });
    this.search.addEventListener('keydown', (event) => this.onKey(event));
    this.list.addEventListener('click', (event) => {
      const option = event.target instanceof Element ? event.target.closest('[role=option]') : null;
      const learner = option?.textContent;
      if (learner) this.onPick(learner);
    });
  }

  /** Looks up the learners anew. */
  async refresh() {
    const prefix = this.search.value.trim();
    const asked = ++this.asked;
    const { learners } = await askLearners(prefix, MOST);
    if (asked !== this.asked) return;
    this.show(learners);
    setText(this.note, noteOf(prefix, learners.length));
  }

  /** @param {string} learner */
  markPicked(learner) {
    this.picked = learner;
    for (const option of this.list.children) option.setAttribute('aria-selected', String(option.textContent === learner));
  }

  /** @param {readonly string[]} learners */
  show(learners) {
    if (learners.length === this.learners.length && learners.every((learner, index) => learner === this.learners[index])) return;
    const active = this.learners[this.active];
    this.learners = learners;
    const options = learners.map((learner, index) =>
      element('li', { role: 'option', id: `found-${index}`, 'aria-selected': String(learner === this.picked) }, learner),
    );
    this.list.replaceChildren(...options);
    this.list.hidden = learners.length === 0;
    this.search.setAttribute('aria-expanded', String(learners.length > 0));
    this.activate(active === undefined ? -1 : learners.indexOf(active));
  }

  /** @param {number} index */
  activate(index) {
    this.list.children[this.active]?.classList.remove('is-active');
    this.active = index;
    const option = this.list.children[index];
    if (option === undefined) return this.search.removeAttribute('aria-activedescendant');
    option.classList.add('is-active');
    option.scrollIntoView({ block: 'nearest' });
    this.search.setAttribute('aria-activedescendant', option.id);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const last = this.learners.length - 1;
    if (event.key === 'ArrowDown') this.activate(this.active >= last ? 0 : this.active + 1);
    else if (event.key === 'ArrowUp') this.activate(this.active <= 0 ? last : this.active - 1);
    else if (event.key === 'Enter') this.enter();
    else if (event.key === 'Escape' && this.search.value !== '') this.empty();
    else return;
    event.preventDefault();
  }

  /** Picks the option at hand, or what was typed: the reader answers for learners that it does not know, too. */
  enter() {
    const learner = this.learners[this.active] ?? this.search.value.trim();
    if (learner !== '') this.onPick(learner);
  }

  empty() {
    this.search.value = '';
    void this.refresh().catch(() => undefined);
  }
}

/**
 * @param {string} prefix
 * @param {number} count
 */
function noteOf(prefix, count) {
  if (count === 0) return prefix === '' ? 'No recommendations have been made yet.' : `No learner's id begins with "${prefix}".`;
  if (count === MOST) return `The first ${MOST} are shown: type more of the id.`;
  return `${countText(count)} found.`;
}
