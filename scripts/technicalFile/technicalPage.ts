/** Writes `docs/reference/technical-documentation.md` from the code: `tsx scripts/technicalFile/technicalPage.ts`. With `--check` it only compares. */
import { join } from 'node:path';
import { PARAMETERS, activities, packageRoot, packageVersion, stores, topicUses, topics, type TopicName } from '../../schemas/index.js';
import { itemFeatures } from '../../operators/recommend/index.js';
import { THRESHOLDS } from '../models/gates/thresholds.js';
import { GATES } from '../models/gates/gate.js';
import { DRIFT_RULE } from '../../runtime/observability/drift/rule.js';
import { writtenByProgram } from '../writtenFile.js';
import { WITHIN_SECONDS, alerts, dayText, decisions, demoModel, dependencies, metricNames } from './facts.js';
import { RISKS } from './risks.js';

const INTRODUCTION = `# Technical documentation

<!-- Written by scripts/technicalFile/technicalPage.ts from the code: change that, then run it. -->

The technical documentation of the recommender in the order of Annex IV of the AI Act, made of what the code declares. It is that of the software: who puts it into service adds who they are, their learners and courses, their
model (each bundle has its card) and their assessment.`;

type Row = readonly string[];

/** The text of the page. */
export function technicalPage(): string {
  const sections = [general(), elements(), monitoring(), metricsSection(), risks(), changes(), standards(), declaration(), postMarket()];
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}

const table = (heading: Row, rows: readonly Row[]): string =>
  [heading, heading.map(() => '---'), ...rows].map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');

function general(): string {
  return `## 1. General description

**Intended purpose.** ${activities['course-recommendations'].purpose} ${activities['personal-recommendations'].purpose} It ranks items of one course for one learner. It is not for judging or comparing learners, for grades, for admission, or for
supervision; it is treated as high-risk all the same (Annex III, 3b).

**Version.** ${packageVersion()}, an npm package with a command line; containers of it are in \`deploy\`. Provider: whoever ships it under their name fills this in.

**Who meets it.** Learners, through a client app that calls the reader; people who oversee it, through \`skillforge oversight\`; people who run it, through the command line, a page and dashboards.

**What it runs on.** A machine with Node; at scale Kafka and Redis, see [capacity](capacity.md). No special hardware, no accelerator.

${table(['software', 'version'], dependencies())}

**Instructions for use.** The [how-tos](../README.md), the [command line](cli.md), the interfaces in [openapi](openapi/reader.json).`;
}

function elements(): string {
  const features = itemFeatures.declarations.map(({ name, type, unit, window, personal, description }) => [
    `\`${name}\``,
    `${type}, ${unit}`,
    window ?? '',
    personal,
    description,
  ]);
  const data = (Object.keys(topicUses) as TopicName[]).map((name) => {
    const { name: topic, description, retentionMs } = topics[name];
    return [`\`${topic}\``, description, dayText(retentionMs), topicUses[name].join(', ')];
  });
  const bounds = Object.entries(THRESHOLDS).map(([name, { bound, unit, reason }]) => [`\`${name}\``, `${bound} ${unit}`, reason]);
  return `## 2. Elements, and how they were made

**Logic.** Events become windowed features; candidate sources propose items; a ranker orders them; a policy makes lists of it (diversity, new items, exploration with logged propensities). The ranker is a formula, or two LambdaMART models, trained to put
first what learners use in the week after. See [how it recommends](../explanation/recommender.md), [architecture](../explanation/architecture.md).

**What mostly decides**, as answers say it: ${PARAMETERS.map(({ text }) => text).join('; ')}.

**Features** (\`${itemFeatures.id}\`, ${itemFeatures.declarations.length}), with the class of the personal data that each is made of:

${table(['feature', 'type', 'window', 'class', 'meaning'], features)}

**Data.** What is kept where, for what and how long; fields and their classes are in [topics](topics.md), the rest in the [record of processing](record-of-processing.md). ${Object.keys(stores).length} stores hold copies.

${table(['topic', 'what', 'kept', 'for'], data)}

**Human oversight** (article 14). Pause of a region or a course, override for a learner, block of an item, kill switch of a model, each in force within ${WITHIN_SECONDS} seconds and logged: [how to oversee](../how-to/oversee-the-recommender.md).

**Validation and testing.** A version decides only after ${GATES.length} gates (${GATES.map((gate) => `\`${gate}\``).join(', ')}), held to these bounds:

${table(['bound', 'value', 'why'], bounds)}

**Cybersecurity.** Keys and scopes for readers and gateways, digests of model files, chained records, one-way regions: [readers](../adr/0023-reader-access.md), [the gateway](../adr/0022-gateway.md).`;
}

function monitoring(): string {
  const { version, region, features, figures, headings } = demoModel();
  const rows = (['next', 'new'] as const).map((list) => {
    const one = figures[list];
    return [list, String(one['ndcg@10']), String(one.popularity), String(one.decisions), String(one.heldOut)];
  });
  return `## 3. Monitoring, functioning and control

**Accuracy.** The model of the package, \`${version}\` (region \`${region}\`, ${features} features), is a demonstration on made-up learners. Each trained bundle has a card with ${headings
    .filter((one, at) => headings.indexOf(one) === at)
    .join(', ')
    .toLowerCase()}.

${table(['list', 'NDCG@10 on later decisions', 'of the order by events of the last week', 'learnt from', 'held out'], rows)}

**Limits.** It learns what learners do, not what helps them. What it cannot rank it answers by the segment, then by what is popular, and says so in \`served\`.

**Input.** Events of known senders with the fields of their schemas; anything else is refused or goes to the dead letters.

**Drift.** A feature has moved above a population stability index of ${DRIFT_RULE.mostPsi}; more than ${Math.round(100 * DRIFT_RULE.mostShare)} % of those that count raise an alert: [watch drift](../how-to/watch-drift.md).

**Records** (articles 12 and 19). Decisions with what they saw are kept ${dayText(topics.featureLog.retentionMs)}, sealed, and can be made again; measures of people are kept ${dayText(topics.measures.retentionMs)}.`;
}

function metricsSection(): string {
  return `## 4. Why these measures of quality

NDCG@10 against what a learner used in the week after: lists are short and their order counts. It is compared with the model in production by resampling, as a whole and for each group of learners, since a mean hides what a group loses: [why](../adr/0017-gates-and-shadow.md).`;
}

function risks(): string {
  return `## 5. Risk management

${RISKS.length} risks with their measures and tests: [risk register](risk-register.md).`;
}

function changes(): string {
  return `## 6. Changes

Decisions about how it is made, in their order; each names what enforces it.

${decisions()
  .map(({ file, title }) => `- [${file.slice(0, 4)}](../adr/${file}): ${title}`)
  .join('\n')}`;
}

function standards(): string {
  return `## 7. Standards

No harmonised standard is applied. Problem documents follow RFC 9457, statements xAPI 1.0.3, traces W3C Trace Context, interfaces OpenAPI 3.1.`;
}

function declaration(): string {
  return `## 8. Declaration of conformity

None: it is the provider's to make. What the law asks for, and the command that shows each, is in the [compliance matrix](compliance.md).`;
}

function postMarket(): string {
  const rows = alerts().map(({ name, severity, summary }) => [`\`${name}\``, severity, summary]);
  return `## 9. After it is in service

${metricNames().length} [metrics](metrics.md), and these alerts, each with a runbook:

${table(['alert', 'severity', 'what'], rows)}`;
}

/** Where the page lies. */
export const technicalPagePath = (): string => join(packageRoot(), 'docs', 'reference', 'technical-documentation.md');

await writtenByProgram(import.meta.url, technicalPagePath(), technicalPage, 'tsx scripts/technicalFile/technicalPage.ts');
