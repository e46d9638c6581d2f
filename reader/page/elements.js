/** Makes elements. What comes from the server is only ever set as text. */

/** @typedef {string | Node | null | undefined} Child */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Readonly<Record<string, string>>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/**
 * @param {string} tag
 * @param {Readonly<Record<string, string | number>>} [attributes]
 * @param {...(string | Node)} children
 * @returns {SVGElement}
 */
export function drawing(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/**
 * An element of the page itself.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function part(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

/**
 * Changes a text only where it differs, so that assistive technology is not told of nothing.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A bar that fills a share of its place, for the eye alone: the figure stands beside it.
 * @param {number} share 0..1
 * @param {'width' | 'height'} side
 */
export function bar(share, side) {
  const made = element('span', { 'aria-hidden': 'true' });
  made.style[side] = `${Math.round(Math.min(1, Math.max(0, share)) * 100)}%`;
  return made;
}

/**
 * A table that scrolls by itself where it is too wide for the page.
 * @param {string} caption
 * @param {readonly string[]} heads
 * @param {readonly HTMLTableRowElement[]} rows
 */
export function table(caption, heads, rows) {
  const classes = [...(rows[0]?.cells ?? [])].map(({ className }) => className);
  const head = element('tr', {}, ...heads.map((text, index) => element('th', { scope: 'col', class: classes[index] ?? '' }, text)));
  const body = element('table', {}, element('caption', {}, caption), element('thead', {}, head), element('tbody', {}, ...rows));
  return element('div', { class: 'wide', role: 'region', 'aria-label': `Table: ${caption}`, tabindex: '0' }, body);
}

/**
 * @param {string} head
 * @param {...Node} cells
 */
export function row(head, ...cells) {
  return element('tr', {}, element('th', { scope: 'row' }, head), ...cells);
}

/**
 * Puts the rows of new tables into those that a place has, so that scrolling and focus stay.
 * @param {HTMLElement} place
 * @param {readonly HTMLElement[]} tables
 */
export function fillTables(place, tables) {
  const bodies = tables.map((one) => one.querySelector('tbody'));
  const known = [...place.querySelectorAll('tbody')];
  if (known.length !== bodies.length) return place.replaceChildren(...tables.map((one) => element('div', { class: 'panel' }, one)));
  known.forEach((body, index) => {
    if (body.textContent !== bodies[index]?.textContent) body.replaceChildren(...(bodies[index]?.children ?? []));
  });
}

/**
 * What is shown when somebody asks for it; it stays open when it is made anew.
 * @param {string} id names it among those of `opened`
 * @param {string} summary
 * @param {Set<string>} opened
 * @param {...Child} children
 */
export function fold(id, summary, opened, ...children) {
  const made = element(
    'details',
    { class: 'panel', 'data-fold': id, ...(opened.has(id) ? { open: '' } : {}) },
    element('summary', {}, summary),
    ...children,
  );
  made.addEventListener('toggle', () => (made.open ? opened.add(id) : opened.delete(id)));
  return made;
}

/** @param {string} text */
export const words = (text) => element('td', { class: 'words' }, text);

/** @param {string} text */
export const cell = (text) => element('td', {}, text);
