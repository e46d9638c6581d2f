import { describe, expect, it } from 'vitest';
import { describe as graphOf } from '../../operators/graph.js';
import { durationText, graphAsMermaid, graphAsText } from '../../operators/graphText.js';
import { narrow, wide } from './graphSamples.js';

const text = graphAsText(graphOf(narrow()));
const wideText = graphAsText(graphOf(wide()));
const mermaid = graphAsMermaid(graphOf(wide()));

describe('a graph as text', () => {
  it('is a tree from sources to sinks', () => {
    expect(text.replace(/fingerprint \w+/, 'fingerprint *')).toBe(`narrow, version 1
12 tasks, fingerprint *

subtopology 0, 12 tasks
└─ grades: source, 12 partitions, event time by value, lateness 0 ms, idle after 30 s, at most 1 h ahead
   └─ mean: tumbling, advance 5 min, emit on close, late dead-letter, sizes 5 min
      ├─ aggregates grade=ewma(halfLife 1 d)
      ├─ store mean/panes
      └─ through 1 RxJS operator to to-averages: sink, writes averages
`);
  });

  it('shows a stage of two inputs once, and names its ports, tables and internal topics', () => {
    expect(wideText.match(/known: join-table/g)).toHaveLength(1);
    expect(wideText).toContain('known (above)');
    expect(wideText).toContain('[late] through 1 RxJS operator to late: sink, writes late-events');
    expect(wideText).toContain('└─ wide.v1.scored: batch, 12 partitions, scored → scored.source');
  });
});

describe('a graph as Mermaid', () => {
  it('has a frame for each subtopology, stores as cylinders and topics between them', () => {
    expect(mermaid.split('\n')[0]).toBe('flowchart LR');
    expect(mermaid.match(/^ {2}subgraph /gm)).toHaveLength(3);
    expect(mermaid.match(/^ {2}end$/gm)).toHaveLength(3);
    expect(mermaid).toContain('[("per-day/panes")]');
    expect(mermaid).toContain('[/"wide.v1.by-item"/]');
    expect(mermaid).toContain('-->|"late, 1 RxJS operator"|');
  });

  it('joins only nodes that it declares, each once', () => {
    const declared = [...mermaid.matchAll(/^ +(\w+)[[]/gm)].map((match) => match[1]!);
    const used = [...mermaid.matchAll(/^ +(\w+) (?:-->|-\.-)(?:\|[^|]*\|)? (\w+)$/gm)].flatMap((match) => [match[1]!, match[2]!]);
    expect(new Set(declared).size).toBe(declared.length);
    expect(used.filter((node) => !declared.includes(node))).toEqual([]);
    expect(declared.filter((node) => !used.includes(node))).toEqual([]);
  });
});

describe('a duration', () => {
  it.each([
    [0, '0 ms'],
    [1500, '1500 ms'],
    [90_000, '90 s'],
    [5_400_000, '90 min'],
    [25 * 3_600_000, '25 h'],
    [7 * 86_400_000, '7 d'],
  ])('of %i ms is %s', (ms, words) => {
    expect(durationText(ms)).toBe(words);
  });
});
