/** What the page may show: parts that the reader does not have, and those that the scopes of the credential leave out, are not there. */
import { part, setText } from './elements.js';

/** @typedef {import('./server.js').Access} Access */

/** Scopes that a page may lack, with what they show. */
const LACKED = [
  { scope: 'console:learners', shows: 'learners' },
  { scope: 'recommendations:read', shows: 'recommendations' },
];

export class Allowed {
  note = part('access-note');
  skip = part('skip');
  /** @type {ReadonlySet<string> | null} */
  parts = null;

  get isKnown() {
    return this.parts !== null;
  }

  /** Asks again before the next look. What is there stays until then. */
  forget() {
    this.parts = null;
  }

  /** @param {string} name */
  has(name) {
    return this.parts?.has(name) ?? false;
  }

  /** @param {Access} access */
  show({ parts, scopes }) {
    const isFirst = this.parts === null;
    this.parts = new Set(parts);
    for (const place of document.querySelectorAll('[data-part]')) {
      if (place instanceof HTMLElement) place.hidden = !this.has(place.dataset['part'] ?? '');
    }
    const lacked = LACKED.filter(({ scope }) => !scopes.includes(scope));
    this.note.hidden = lacked.length === 0;
    setText(this.note, `Not shown to this key: ${lacked.map(({ shows, scope }) => `${shows} (scope ${scope})`).join(', ')}.`);
    const first = this.has('learners') ? 'recommendations' : 'topologies';
    this.skip.setAttribute('href', `#${first}`);
    setText(this.skip, `Skip to the ${first}`);
    // What the address names was not there when the browser looked for it.
    if (isFirst && location.hash !== '') document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }
}
