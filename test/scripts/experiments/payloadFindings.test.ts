import { describe, expect, it } from 'vitest';
import { experimentsIn } from '../../../scripts/experiments/payloadExperiments.js';
import { findingsIn } from '../../../scripts/experiments/payloadFindings.js';
import { fullPayload, rankerPayload } from '../../runtime/experiments/payloads.js';

const lines = (text: string): string[] => findingsIn(text).map(({ line, column, place, message }) => `${line}:${column} ${place} ${message}`);

describe('the findings of a payload', () => {
  it('stand at line and column of the value, in the order of the text', () => {
    const text = JSON.stringify(rankerPayload({ variations: ['model', 'best'], hashVersion: 1 }), null, 2);
    const places = text.split('\n');
    const at = (part: string): string => {
      const line = places.findIndex((one) => one.includes(part));
      const [before] = places[line]!.split(part);
      return `${line + 1}:${before!.length + 1}`;
    };
    const found = lines(text);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(new RegExp(`^${at('1,')} features\\.recommendations\\.ranker\\.rules\\[0\\]\\.hashVersion `));
    expect(found[1]).toMatch(new RegExp(`^${at('"best"')} features\\.recommendations\\.ranker\\.rules\\[0\\]\\.variations\\[1\\] `));
  });

  it('stand at what is around a value that is missing', () => {
    expect(lines('{\n  "status": 200\n}')).toEqual(['1:1 features is missing, or no object: features by their keys']);
  });

  it('are where a text ends to be JSON, comments too', () => {
    expect(lines('{\n  "features": {\n')).toEqual([expect.stringMatching(/^3:1 the text is no JSON: /)]);
    expect(lines('{ "features": {} } // all')).toEqual([expect.stringMatching(/^1:\d+ the text is no JSON: /)]);
    expect(lines('')).toEqual([expect.stringMatching(/^1:1 the text is no JSON: /)]);
  });

  it('are none where a run would take it', () => {
    expect(lines(JSON.stringify(fullPayload()))).toEqual([]);
  });
});

describe('the experiments of a payload', () => {
  it('are listed with what their variations change', () => {
    const listed = experimentsIn(JSON.stringify(fullPayload()));
    expect(listed.map(({ experiment, feature, namespace, isTargeted }) => [experiment, feature, namespace, isTargeted])).toEqual([
      ['ranker', 'recommendations.ranker', null, false],
      ['policy', 'recommendations.policy', ['lists', 0, 0.5], false],
      ['quotas', 'recommendations.candidates', ['lists', 0.5, 1], false],
    ]);
    expect(listed[0]!.variations).toEqual([
      { key: 'control', weight: 0.5, value: 'model' },
      { key: 'formula', weight: 0.5, value: 'formula' },
    ]);
    expect(listed[1]!.variations.map(({ key, weight }) => `${key} ${weight.toFixed(2)}`)).toEqual(['0 0.33', '1 0.33', '2 0.33']);
    expect(
      experimentsIn(
        JSON.stringify(
          rankerPayload({
            ranges: [
              [0, 0.1],
              [0.5, 1],
            ],
            condition: { region: 'eu' },
          }),
        ),
      )[0],
    ).toMatchObject({
      isTargeted: true,
      variations: [{ weight: 0.1 }, { weight: 0.5 }],
    });
  });
});
