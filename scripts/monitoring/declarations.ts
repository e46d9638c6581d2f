/** What a dashboard is declared as; `grafana.ts` makes of it what Grafana reads. */

/** One line, or one figure, of a panel. */
export interface Query {
  /** PromQL; `$__rate_interval` and variables of the dashboard may stand in it. */
  readonly expression: string;
  /** Name in the legend, such as `{{topology}}`. */
  readonly legend: string;
}

/** Where figures turn yellow, then red. Descending values mean that less is worse. */
export interface Limits {
  readonly warning: number;
  readonly critical: number;
}

/** One panel. */
export interface Panel {
  readonly title: string;
  /** What it shows, and what is usual. */
  readonly description: string;
  /** Unit as Grafana calls it, such as `s`, `bytes`, `reqps`. */
  readonly unit: string;
  /** Lines over time unless it says otherwise. */
  readonly kind?: 'timeseries' | 'stat' | 'table';
  readonly limits?: Limits;
  readonly queries: readonly Query[];
}

/** Panels below one heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** One dashboard. */
export interface Dashboard {
  /** Stands in its address and in the name of its file. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Labels that can be chosen from, with a metric that has them. */
  readonly variables: readonly { readonly label: string; readonly of: string }[];
  readonly rows: readonly Row[];
}

/** A query. */
export const query = (expression: string, legend: string): Query => ({ expression, legend });

/** Increase a second of a counter, by some of its labels. */
export const rateBy = (labels: string, counter: string, selector = ''): string =>
  `sum by (${labels}) (rate(${counter}${selector}[$__rate_interval]))`;

/** A quantile of a histogram, by some of its labels. */
export const quantileBy = (labels: string, quantile: number, histogram: string, selector = ''): string =>
  `histogram_quantile(${quantile}, sum by (${labels === '' ? 'le' : `${labels}, le`}) (rate(${histogram}_bucket${selector}[$__rate_interval])))`;
