/** Reads the text format of Prometheus (version 0.0.4) and refuses whatever a scraper might stumble over. */

/** One series of a metric. */
export interface Sample {
  /** With `_bucket`, `_sum` or `_count` where it belongs to a histogram. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with everything that was said of it. */
export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME})(?: (.*))?$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/;
const SPECIAL: Readonly<Record<string, number>> = { '+Inf': Infinity, '-Inf': -Infinity, NaN };
const TYPES = ['counter', 'gauge', 'histogram', 'summary'];

/** Metrics by name. @throws Error with the line that is wrong */
export function familiesOf(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family>();
  const helps = new Map<string, string>();
  for (const line of text.split('\n').filter((one) => one !== '')) {
    if (line.startsWith('#')) addComment(line, families, helps);
    else addSample(line, families);
  }
  for (const [name, family] of families) check(name, family);
  return families;
}

function addComment(line: string, families: Map<string, Family>, helps: Map<string, string>): void {
  const [, kind, name = '', rest = ''] = COMMENT.exec(line) ?? [];
  if (kind === undefined) throw new Error(`no comment of the format: ${line}`);
  if (kind === 'HELP') {
    if (helps.has(name)) throw new Error(`told twice: ${line}`);
    helps.set(name, rest);
    return;
  }
  if (families.has(name) || !TYPES.includes(rest)) throw new Error(`a second type, or none that there is: ${line}`);
  const help = helps.get(name);
  if (help === undefined || help === '') throw new Error(`no help for ${name}`);
  families.set(name, { type: rest, help, samples: [] });
}

function addSample(line: string, families: Map<string, Family>): void {
  const [, name = '', labels = '', number = ''] = SAMPLE.exec(line) ?? [];
  const value = numberOf(number);
  if (name === '' || value === null) throw new Error(`no sample: ${line}`);
  const last = [...families.keys()].at(-1);
  const family = last === undefined || !belongs(name, last, families.get(last)!.type) ? undefined : families.get(last);
  if (family === undefined) throw new Error(`a sample that does not follow its type: ${line}`);
  family.samples.push({ name, labels: labelsOf(labels, line), value });
}

/** `null` for what is no number of the format. */
function numberOf(text: string): number | null {
  if (text in SPECIAL) return SPECIAL[text]!;
  const value = Number(text);
  return text === '' || !Number.isFinite(value) ? null : value;
}

const belongs = (sample: string, name: string, type: string): boolean =>
  (['histogram', 'summary'].includes(type) ? ['_bucket', '_sum', '_count', ''] : ['']).some((suffix) => sample === name + suffix);

function labelsOf(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== '';) {
    const [all, name, value] = LABEL.exec(rest) ?? [];
    if (all === undefined || name! in labels) throw new Error(`labels: ${line}`);
    labels[name!] = value!.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
    rest = rest.slice(all.length);
  }
  return labels;
}

function check(name: string, { type, samples }: Family): void {
  const series = samples.map((sample) => JSON.stringify([sample.name, Object.entries(sample.labels).sort()]));
  if (new Set(series).size < series.length) throw new Error(`${name} has a series twice`);
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} is a counter below 0`);
  if (type === 'histogram') checkHistogram(name, samples);
}

/** Buckets ascend up to infinity, where they are the count. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const buckets = new Map<string, Sample[]>();
  for (const sample of samples.filter((one) => one.name === `${name}_bucket`)) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    buckets.set(key, [...(buckets.get(key) ?? []), sample]);
  }
  for (const [key, of] of buckets) {
    const bounds = of.map(({ labels }) => (labels['le'] === '+Inf' ? Infinity : Number(labels['le'])));
    const ascend = (values: readonly number[]): boolean => values.every((value, at) => at === 0 || values[at - 1]! <= value);
    const count = samples.find((one) => one.name === `${name}_count` && JSON.stringify(one.labels) === key);
    const isWhole = bounds.at(-1) === Infinity && ascend(bounds) && ascend(of.map(({ value }) => value)) && of.at(-1)!.value === count?.value;
    if (!isWhole || !samples.some((one) => one.name === `${name}_sum` && JSON.stringify(one.labels) === key))
      throw new Error(`${name}${key} is no whole histogram`);
  }
}

/** Value of a series that has these labels, among others. @throws Error where not one has */
export function valueOf(families: ReadonlyMap<string, Family>, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const all = [...families.values()].flatMap(({ samples }) => samples);
  const found = all.filter((one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value));
  if (found.length !== 1) throw new Error(`${name} ${JSON.stringify(labels)} is there ${found.length} times`);
  return found[0]!.value;
}
