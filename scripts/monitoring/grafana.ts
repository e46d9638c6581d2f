/** Makes the JSON that Grafana reads of a dashboard's declaration. */
import type { Dashboard, Limits, Panel, Query } from './declarations.js';

const WIDTH = 24;
const PER_ROW = 3;
const HEIGHTS = { timeseries: 8, stat: 5, table: 8 } as const;
/** The layout of dashboards that Grafana 12 writes; later ones read it. */
const SCHEMA_VERSION = 41;
/** Prometheus as the viewer chooses it. */
const SOURCE = { type: 'prometheus', uid: '${datasource}' };

/** The file of a dashboard. */
export function grafanaJson(dashboard: Dashboard): string {
  const { uid, title, description } = dashboard;
  const model = {
    uid,
    title,
    description,
    tags: ['skillforge'],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'utc',
    links: [{ type: 'dashboards', title: 'SkillForge', tags: ['skillforge'], asDropdown: true, keepTime: true, includeVars: true }],
    templating: { list: [sourceVariable(), ...dashboard.variables.map(variable)] },
    panels: panelsOf(dashboard),
  };
  return `${JSON.stringify(model, null, 2)}\n`;
}

const sourceVariable = (): object => ({ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', current: {} });

/** All of its values are chosen at first. */
const variable = ({ label, of }: Dashboard['variables'][number]): object => ({
  name: label,
  label,
  type: 'query',
  datasource: SOURCE,
  query: { query: `label_values(${of}, ${label})`, refId: 'values' },
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  allValue: '.+',
  current: { text: 'All', value: '$__all' },
});

function panelsOf({ rows }: Dashboard): object[] {
  const panels: object[] = [];
  let top = 0;
  for (const row of rows) {
    panels.push({ id: panels.length + 1, type: 'row', title: row.title, collapsed: false, panels: [], gridPos: { x: 0, y: top, w: WIDTH, h: 1 } });
    top += 1;
    for (let first = 0; first < row.panels.length; first += PER_ROW) {
      const side = row.panels.slice(first, first + PER_ROW);
      const height = Math.max(...side.map(({ kind = 'timeseries' }) => HEIGHTS[kind]));
      const width = WIDTH / side.length;
      side.forEach((panel, at) => panels.push(panelOf(panel, panels.length + 1, { x: at * width, y: top, w: width, h: height })));
      top += height;
    }
  }
  return panels;
}

function panelOf(panel: Panel, id: number, gridPos: object): object {
  const { kind = 'timeseries', title, description, unit, limits, queries } = panel;
  const thresholds = thresholdsOf(limits);
  return {
    id,
    type: kind,
    title,
    description,
    datasource: SOURCE,
    gridPos,
    fieldConfig: { defaults: { unit, ...thresholds, ...styleOf(kind, limits) }, overrides: [] },
    options: optionsOf(kind),
    targets: queries.map((query, at) => targetOf(query, at, kind)),
  };
}

/** Names them A, B, C … */
const targetOf = ({ expression, legend }: Query, at: number, kind: string): object => ({
  refId: String.fromCharCode('A'.charCodeAt(0) + at),
  datasource: SOURCE,
  expr: expression,
  legendFormat: legend,
  ...(kind === 'timeseries' ? { range: true } : { instant: true, format: kind === 'table' ? 'table' : 'time_series' }),
});

function thresholdsOf(limits: Limits | undefined): object {
  const base = { color: 'green', value: null };
  if (limits === undefined) return { thresholds: { mode: 'absolute', steps: [base] } };
  const { warning, critical } = limits;
  const steps =
    warning < critical
      ? [base, { color: 'yellow', value: warning }, { color: 'red', value: critical }]
      : [
          { color: 'red', value: null },
          { color: 'yellow', value: critical },
          { color: 'green', value: warning },
        ];
  return { thresholds: { mode: 'absolute', steps } };
}

function styleOf(kind: string, limits: Limits | undefined): object {
  if (kind !== 'timeseries') return { color: { mode: 'thresholds' } };
  const marked = limits === undefined ? {} : { thresholdsStyle: { mode: 'dashed' } };
  return { color: { mode: 'palette-classic' }, min: 0, custom: { drawStyle: 'line', lineWidth: 1, fillOpacity: 8, showPoints: 'never', ...marked } };
}

function optionsOf(kind: string): object {
  if (kind === 'stat') return { reduceOptions: { calcs: ['lastNotNull'], values: false }, colorMode: 'value', graphMode: 'area', textMode: 'auto' };
  if (kind === 'table') return { showHeader: true };
  return { legend: { displayMode: 'list', placement: 'bottom', showLegend: true }, tooltip: { mode: 'multi', sort: 'desc' } };
}
