/** The graph of topologies and topics. It is laid out when its shape changes; figures change in place. */
import { drawing, setText } from './elements.js';
import { countText, rateText, timeText } from './words.js';

/** @typedef {import('./server.js').Overview} Overview */
/** @typedef {{ readonly id: string, readonly kind: 'topology' | 'topic', readonly name: string, readonly figures: readonly string[] }} GraphNode */
/** @typedef {{ readonly x: number, readonly y: number }} Point */

const LINE = 16;
const PADDING = 10;
const NARROWEST = 150;
/** Such figures shall fit before they come, so that the layout need not change with them. */
const WIDEST_FIGURE = '99,999/s in, 99,999/s out';

export class Graph {
  shape = '';
  /** @type {Map<string, readonly Node[]>} */
  figures = new Map();

  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
  }

  /** @param {Overview} overview */
  async show(overview) {
    const nodes = nodesOf(overview);
    const edges = edgesOf(overview);
    const shape = JSON.stringify([nodes.map(({ id }) => id), edges]);
    if (shape !== this.shape) {
      this.place.replaceChildren(await this.draw(nodes, edges));
      this.shape = shape;
    }
    for (const { id, figures } of nodes) this.figures.get(id)?.forEach((text, index) => setText(text, figures[index] ?? ''));
  }

  clear() {
    this.shape = '';
    this.figures.clear();
    this.place.replaceChildren();
  }

  /**
   * @param {readonly GraphNode[]} nodes
   * @param {readonly (readonly [string, string])[]} edges
   */
  async draw(nodes, edges) {
    const layout = await layoutOf(nodes, edges);
    this.figures.clear();
    const svg = drawing('svg', {
      width: layout.width,
      height: layout.height,
      viewBox: `0 0 ${layout.width} ${layout.height}`,
      'aria-hidden': 'true',
    });
    const tip = drawing('marker', { id: 'tip', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' });
    tip.append(drawing('path', { d: 'M0 0L8 4L0 8z' }));
    svg.append(drawing('defs', {}, tip));
    svg.append(...layout.edges.map((points) => drawing('path', { class: 'edge', d: curveOf(points), 'marker-end': 'url(#tip)' })));
    svg.append(...nodes.map((node) => this.nodeOf(node, layout.placeOf(node.id))));
    return svg;
  }

  /**
   * @param {GraphNode} node
   * @param {Point & { readonly width: number, readonly height: number }} place its middle
   */
  nodeOf({ id, kind, name, figures }, { x, y, width, height }) {
    const lines = figures.map((figure, index) => drawing('text', { class: 'figure', x: PADDING, y: PADDING + LINE * (index + 2) - 4 }, figure));
    this.figures.set(id, lines);
    return drawing(
      'g',
      { class: kind, 'data-node': id, transform: `translate(${x - width / 2} ${y - height / 2})` },
      drawing('rect', { width, height, rx: kind === 'topic' ? height / 2.6 : 4 }),
      drawing('text', { class: 'name', x: PADDING, y: PADDING + LINE - 4 }, name),
      ...lines,
    );
  }
}

/** @param {number | null} watermarkMs */
const seenText = (watermarkMs) => (watermarkMs === null ? 'no watermark yet' : `to ${timeText(watermarkMs)}`);

/**
 * @param {Overview} overview
 * @returns {GraphNode[]}
 */
function nodesOf({ topologies, topics }) {
  return [
    ...topics.map(({ name, written, appendedPerSecond, lag, watermarkMs }) => ({
      id: name,
      kind: /** @type {const} */ ('topic'),
      name,
      figures: [
        // What a topology sends stands at the topology: here markers would be counted.
        ...(written ? [] : [rateText(appendedPerSecond)]),
        ...(lag === null ? [] : [`${countText(lag)} waiting`]),
        seenText(watermarkMs),
      ],
    })),
    ...topologies.map(({ id, recordsPerSecond, sentPerSecond, lag, watermarkMs, ended }) => ({
      id,
      kind: /** @type {const} */ ('topology'),
      name: id,
      figures: [
        `${rateText(recordsPerSecond)} in, ${rateText(sentPerSecond)} out`,
        `${countText(lag)} waiting`,
        ended ? 'ended' : seenText(watermarkMs),
      ],
    })),
  ];
}

/**
 * @param {Overview} overview
 * @returns {(readonly [from: string, to: string])[]}
 */
function edgesOf({ topologies, topics }) {
  const known = new Set(topics.map(({ name }) => name));
  return topologies.flatMap(({ id, reads, writes }) => [
    ...reads.filter((name) => known.has(name)).map((name) => /** @type {const} */ ([name, id])),
    ...writes.filter((name) => known.has(name)).map((name) => /** @type {const} */ ([id, name])),
  ]);
}

/**
 * How wide a text will be, px: the layout is made before anything is drawn.
 * @param {string} text
 * @param {'400' | '600'} weight
 */
function widthOf(text, weight) {
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) return text.length * 8;
  context.font = `${weight} 12px ${getComputedStyle(document.body).fontFamily}`;
  return context.measureText(text).width;
}

/** @param {GraphNode} node */
function sizeOf({ kind, name, figures }) {
  const inside = Math.max(widthOf(name, '600'), kind === 'topology' ? widthOf(WIDEST_FIGURE, '400') : 0);
  return { width: Math.max(NARROWEST, Math.ceil(inside) + 2 * PADDING), height: LINE * (figures.length + 1) + 2 * PADDING - 4 };
}

/**
 * @param {readonly GraphNode[]} nodes
 * @param {readonly (readonly [string, string])[]} edges
 */
async function layoutOf(nodes, edges) {
  const { Graph: Layout, layout } = await loadLayout();
  const graph = new Layout();
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 42, marginx: 4, marginy: 4 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, sizeOf(node));
  for (const [from, to] of edges) graph.setEdge(from, to);
  layout(graph);
  const { width = 0, height = 0 } = /** @type {{ width?: number, height?: number }} */ (graph.graph());
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    edges: graph.edges().map((edge) => /** @type {readonly Point[]} */ (graph.edge(edge).points)),
    /** @param {string} id */
    placeOf: (id) => /** @type {Point & { width: number, height: number }} */ (graph.node(id)),
  };
}

/** @returns {Promise<typeof import('@dagrejs/dagre')>} */
const loadLayout = () => import(/** @type {string} */ ('/page/dagre.js'));

/**
 * A smooth line through points: straight to the middle between two, and round the corner from there.
 * @param {readonly Point[]} points
 */
function curveOf(points) {
  const [first, ...rest] = points.map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) }));
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return '';
  const bends = rest.slice(0, -1).map(({ x, y }, index) => {
    const next = rest[index + 1] ?? last;
    const middle = index === rest.length - 2 ? next : { x: (x + next.x) / 2, y: (y + next.y) / 2 };
    return `Q${x} ${y} ${middle.x} ${middle.y}`;
  });
  return [`M${first.x} ${first.y}`, ...bends, `L${last.x} ${last.y}`].join('');
}
