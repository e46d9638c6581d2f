/** A doc comment in parts, of a declaration or of a field. */
export interface DocComment {
  /** Paragraphs before the first tag, those on cost left out. */
  readonly text: string;
  /** The paragraph that starts with "Cost:", without that word; empty when there is none. */
  readonly cost: string;
  /** Texts of the `@throws` tags. */
  readonly throws: readonly string[];
  /** Texts of the `@see` tags. */
  readonly see: readonly string[];
  /** Code of the `@example` tags. */
  readonly examples: readonly string[];
}

const COST = 'Cost:';
/** A comment of one line has its `@throws` behind the text. */
const INLINE_THROWS = / @throws (.+)$/gm;

/** Parses the last doc comment of some source text, `/**` and all; without one everything is empty. */
export function parseDocComment(source: string): DocComment {
  const [body = '', ...tagged] = linesOf(source)
    .join('\n')
    .split(/^(?=@[a-z]+\b)/m);
  const tags = tagged.flatMap((part) => splitAfterLine(part));
  const textsOf = (name: string): string[] => tags.filter((tag) => tag.name === name).map((tag) => tag.text);
  const paragraphs = body
    .replaceAll(INLINE_THROWS, '')
    .trim()
    .split(/\n\s*\n/);
  const cost = paragraphs.find((paragraph) => paragraph.startsWith(COST)) ?? '';
  return {
    text: paragraphs.filter((paragraph) => paragraph !== cost).join('\n\n'),
    cost: cost.slice(COST.length).trim(),
    throws: [...[...body.matchAll(INLINE_THROWS)].map((match) => match[1]!), ...textsOf('throws')],
    see: textsOf('see'),
    examples: textsOf('example'),
  };
}

/** The lines of the comment without its stars. */
function linesOf(source: string): string[] {
  const start = source.lastIndexOf('/**');
  if (start < 0) return [];
  const inside = source.slice(start + 3, source.indexOf('*/', start));
  return inside.split('\n').map((line) => line.replace(/^\s*\* ?/, '').trimEnd());
}

function splitAfterLine(part: string): { readonly name: string; readonly text: string }[] {
  const match = /^@([a-z]+)\s*([\s\S]*)$/.exec(part);
  return match === null ? [] : [{ name: match[1]!, text: match[2]!.trim() }];
}
