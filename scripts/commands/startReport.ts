/** What `skillforge start` says: lines for people as things happen, lines of JSON for programs. */
import { packageRoot } from '../../schemas/index.js';
import type { ConsoleOverview } from '../../reader/consoleSource.js';
import { DAY_MS, type SchoolFeed } from '../school/index.js';
import { invocation } from './invocation.js';
import { countText, countedText, print, printJson, secondsText } from './output.js';
import { exampleRequest } from './readerView.js';

/** What is said of the start itself. */
export interface ReportSettings {
  readonly data: string;
  readonly speed: number;
  readonly topologies: number;
  readonly json?: true;
}

/** Such as `2025-09-09 00:00`: the time of the school, as its page shows it. */
const schoolTime = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');

/** Says each thing once. */
export class StartReport {
  constructor(private readonly settings: ReportSettings) {}

  /** @param ranking - what orders the lists, such as `the demo model` */
  opened({ options }: SchoolFeed, ranking: string): void {
    const { data, topologies } = this.settings;
    const { seed, learners, courses, region } = options;
    if (this.settings.json) return printJson({ opened: { data, region, seed, learners, courses, topologies, ranking } });
    print(`A made-up school of ${countText(learners)} learners and ${countedText(courses, 'course')}, live`);
    print(`  folder    ${data}`);
    print(`  ranking   by ${ranking}`);
  }

  wroteHistory(feed: SchoolFeed, seconds: number): void {
    const { written, alreadyThere } = feed.counts;
    const untilMs = feed.simulatedNowMs();
    if (this.settings.json) return printJson({ history: { untilMs, written, alreadyThere, seconds } });
    const days = Math.floor((untilMs - feed.options.startMs) / DAY_MS);
    const before = alreadyThere > 0 ? `, ${countText(alreadyThere)} were there already` : '';
    print(`  history   ${countedText(days, 'day')}: ${countText(written)} records written in ${secondsText(seconds)}${before}`);
  }

  caughtUp({ topologies }: ConsoleOverview, seconds: number): void {
    const deadLetters = topologies.reduce((sum, one) => sum + one.deadLetters, 0);
    if (this.settings.json) return printJson({ caughtUp: { topologies: topologies.map(({ id }) => id), deadLetters, seconds } });
    print(`  running   ${countText(topologies.length)} topologies, which have seen it all after ${secondsText(seconds)}`);
  }

  serving(url: string, learner: string | null): void {
    const page = learner === null ? url : `${url}/?learner=${encodeURIComponent(learner)}`;
    const request = exampleRequest(url, learner);
    if (this.settings.json) return printJson({ serving: { url, page, learner, request } });
    print(`  page      ${page}`);
    const { speed } = this.settings;
    print(`\nA day of the school passes in ${speed === 1 ? 'a minute' : secondsText(60 / speed)}: watch the page, or ask\n\n  curl '${request}'\n`);
    print(nextText(this.settings.data));
  }

  stopping(timeMs: number): void {
    if (this.settings.json) printJson({ stopped: { timeMs } });
    else print(`\nstopped at ${schoolTime(timeMs)} of the school; to go on from there: ${invocation()} start --data ${this.settings.data}`);
  }
}

/** What to try next; in a checkout, the first change of a topology. */
function nextText(data: string): string {
  const look = `Look inside: ${invocation()} topics list --data ${data}`;
  const end = 'Ctrl+C ends it.';
  if (process.cwd() !== packageRoot()) return `${look}\n${end}`;
  return `Try next: give topologies/learner-engagement.ts another window, as README.md shows, and start again.\n${look}\n${end}`;
}
