/** Writes `docs/reference/operators.md` from the doc comments of `operators/`: `tsx scripts/operatorReference/page.ts`. With `--check` it only compares. */
import { join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';
import { declarationsOf, type Declaration, type Field } from './declarations.js';
import { publicExports } from './publicExports.js';
import { SECTIONS, type Section } from './sections.js';
import { writtenByProgram } from '../writtenFile.js';

const INTRODUCTION = `# Operators and aggregates

<!-- Written by scripts/operatorReference/page.ts from the doc comments in operators/: change them, then run it. -->

Everything below is imported from \`skillforge-streams\`. Every stateful operator takes an id first: its state belongs to that id, so keep it.

**How to read the examples.** Each is run by \`npm test\`, twice, with the input cut into other batches and the process dying in between. They stand in a
topology of one partition whose streams \`events\` and \`others\` hold records \`{ key, atMs, n, tag }\`; \`timed\` are their source options (the event time is
\`atMs\`, no lateness), \`eventSchema\` is their schema and \`topics\` are their topics.

| line | meaning |
|---|---|
| \`// <- ada@3 5\` | a record of key \`ada\` and event time 3 ms with \`n: 5\` comes in; \`'open'\` stands for \`{ tag: 'open' }\`, and \`others:\` in front names the topic |
| \`// <- watermark 20\` | the watermark moves to 20 |
| \`// <- end\` | the input is over: every window closes |
| \`// -> ada@9 { n: 7 }\` | a record of key \`ada\`, event time 9 and this value comes out, after the lines above and before the lines below |
| \`// -> nothing\` | nothing comes out yet |
| \`// -> dead letter ada@3 SFS_LATE\` | that record went to the dead letters with this code |`;

interface Library {
  readonly byName: ReadonlyMap<string, Declaration>;
  readonly bySection: ReadonlyMap<Section, readonly Declaration[]>;
}

/** The text of the reference. */
export function operatorReference(): string {
  const library = readLibrary();
  const sections = SECTIONS.map((section) => sectionText(section, library));
  return [INTRODUCTION, contents(library), ...sections].join('\n\n') + '\n';
}

/** Every declaration that the reference prints. */
export function referencedDeclarations(): Declaration[] {
  return [...readLibrary().byName.values()];
}

function readLibrary(): Library {
  const exported = publicExports();
  const declarations = (file: string): Declaration[] => declarationsOf(`operators/${file}.ts`).filter(({ name }) => exported.get(file)?.(name));
  const bySection = new Map(SECTIONS.map((section) => [section, section.files.flatMap(declarations)]));
  const all = [...bySection.values()].flat();
  return { bySection, byName: new Map(all.map((declaration) => [declaration.name, declaration])) };
}

function contents({ bySection }: Library): string {
  const rows = [...bySection].map(([{ title }, declarations]) => {
    const names = declarations.filter(({ kind }) => kind !== 'type').map(({ name }) => `[\`${name}\`](#${anchor(name)})`);
    return `| [${title}](#${anchor(title)}) | ${names.join(', ')} |`;
  });
  return ['| section | what is in it |', '|---|---|', ...rows].join('\n');
}

const anchor = (title: string): string => title.toLowerCase().replaceAll(' ', '-');

function sectionText(section: Section, library: Library): string {
  const declarations = library.bySection.get(section)!;
  const functions = declarations.filter(({ kind }) => kind !== 'type');
  const explained = new Set(functions.flatMap((declaration) => optionTypes(declaration, library)).map(({ name }) => name));
  const types = declarations.filter(({ kind, name }) => kind === 'type' && !explained.has(name));
  const texts = [...functions.map((declaration) => entryText(declaration, library)), ...typesText(section, types)];
  return [`## ${section.title}`, section.introduction, ...texts].join('\n\n');
}

function entryText(declaration: Declaration, library: Library): string {
  const { name, signature, doc, path } = declaration;
  const parts = [
    `### \`${name}\``,
    signature === '' ? '' : fenced(signature),
    linked(doc.text, library),
    fieldTable(declaration, library),
    doc.cost === '' ? '' : `**Costs** ${doc.cost}`,
    doc.throws.length === 0 ? '' : `**Throws** ${doc.throws.map(codes).join('; ')}`,
    doc.see.length === 0 ? '' : `**See** ${doc.see.map((see) => linked(see, library)).join('; ')}`,
    ...doc.examples.map(fenced),
    `Source: \`${path}\``,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

const fenced = (code: string): string => `\`\`\`ts\n${code}\n\`\`\``;

/** Error codes lead to their explanation. */
const codes = (text: string): string => text.replace(/\bSFS_[A-Z_]+\b/g, '[`$&`](errors.md)').replace(/\s+/g, ' ');

/** `{@link name}` leads to its entry. */
function linked(text: string, { byName }: Library): string {
  return text.replace(/\{@link ([\w.]+)\}/g, (_, name: string) =>
    byName.get(name)?.kind === 'type' || !byName.has(name) ? `\`${name}\`` : `[\`${name}\`](#${anchor(name)})`,
  );
}

/** The interfaces among the parameters whose fields are options. */
function optionTypes(declaration: Declaration, { byName }: Library): Declaration[] {
  const named = declaration.parameterTypes.flatMap((name) => byName.get(name) ?? []).filter(({ name }) => name.endsWith('Options'));
  return named.flatMap((found): Declaration[] => [found, ...found.bases.flatMap((base) => withBases(base, byName))]);
}

function withBases(name: string, byName: Library['byName']): Declaration[] {
  const found = byName.get(name);
  return found === undefined ? [] : [found, ...found.bases.flatMap((base) => withBases(base, byName))];
}

function fieldTable(declaration: Declaration, library: Library): string {
  const fields = [...declaration.fields, ...optionTypes(declaration, library).flatMap((options) => options.fields)];
  if (fields.length === 0) return '';
  const head = declaration.kind === 'object' ? ['| member | type | meaning |'] : ['| option | type | meaning |'];
  return [...head, '|---|---|---|', ...fields.map(fieldRow)].join('\n');
}

function fieldRow({ name, type, optional, text }: Field): string {
  return `| \`${name}${optional ? '?' : ''}\` | \`${cell(type)}\` | ${cell(text)} |`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function typesText({ title }: Section, types: readonly Declaration[]): string[] {
  if (types.length === 0) return [];
  const texts = types.map(({ doc, signature }) => `${doc.text === '' ? '' : `/** ${doc.text.replace(/\s+/g, ' ')} */\n`}${signature}`);
  return [`**Types of "${title}"**`, fenced(texts.join('\n\n'))];
}

/** Where the reference lies. */
export const operatorReferencePath = (): string => join(packageRoot(), 'docs', 'reference', 'operators.md');

await writtenByProgram(import.meta.url, operatorReferencePath(), operatorReference, 'tsx scripts/operatorReference/page.ts');
