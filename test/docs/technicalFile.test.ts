/** Risk register and technical documentation: made of the code, up to date, and every test that they name is there. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { itemFeatures } from '../../operators/recommend/index.js';
import { alerts, decisions, demoModel } from '../../scripts/technicalFile/facts.js';
import { registerProblems } from '../../scripts/technicalFile/riskCheck.js';
import { riskPage, riskPagePath } from '../../scripts/technicalFile/riskPage.js';
import { RISKS, type Risk } from '../../scripts/technicalFile/risks.js';
import { technicalPage, technicalPagePath } from '../../scripts/technicalFile/technicalPage.js';

describe('the risk register', () => {
  it('is that of the code', () => {
    expect(readFileSync(riskPagePath(), 'utf8')).toBe(riskPage());
  });

  it('names for each risk what is done, a test that is run, and figures that there are', () => {
    expect(registerProblems(RISKS)).toEqual([]);
    expect(new Set(RISKS.map(({ id }) => id)).size).toBe(RISKS.length);
  });

  it('would be refused with a test that is not there, is none, or is of the long run', () => {
    const [risk] = RISKS as readonly [Risk];
    const file = 'test/docs/technicalFile.test.ts';
    const problems = (change: Partial<Risk>): string[] => registerProblems([{ ...risk, ...change }]);
    expect(problems({ shownBy: [{ file, title: 'is that of nobody' }] })).toEqual([`R1: ${file} has no test "is that of nobody"`]);
    expect(problems({ shownBy: [{ file: 'test/docs/none.test.ts', title: 'x' }] })).toEqual(['R1: test/docs/none.test.ts is no test file']);
    expect(problems({ shownBy: [{ file: 'scripts/technicalFile/risks.ts', title: 'x' }] })).toEqual([expect.stringContaining('is no test file')]);
    const long = { file: 'test/integration/cluster/reader.test.ts', title: 'serves what a run on servers has made of a school' };
    expect(problems({ shownBy: [long] })).toEqual([expect.stringContaining('is a test of the long run')]);
    expect(problems({ shownBy: [], measures: [] })).toEqual(['R1: nothing is done', 'R1: no test shows it']);
    expect(problems({ watchedBy: ['skillforge_nothing'] })).toEqual(['R1: there is no metric and no alert skillforge_nothing']);
  });
});

describe('the technical documentation', () => {
  it('is that of the code', () => {
    expect(readFileSync(technicalPagePath(), 'utf8')).toBe(technicalPage());
  });

  it('has every point of Annex IV, every feature, alert and decision, and the model that is there', () => {
    const page = technicalPage();
    expect(page.match(/^## \d\. /gm)).toHaveLength(9);
    for (const { name } of itemFeatures.declarations) expect(page).toContain(`\`${name}\``);
    expect(alerts().length).toBeGreaterThan(20);
    for (const { name, severity, summary } of alerts()) {
      expect([page.includes(`\`${name}\``), ['warning', 'critical', 'info'].includes(severity), summary.length > 10], name).toEqual([
        true,
        true,
        true,
      ]);
    }
    for (const { file } of decisions()) expect(page).toContain(`../adr/${file}`);
    expect(page).toContain(demoModel().version);
  });

  it('has no feature that is an attribute of a person, and two that tell of the list of a segment', () => {
    const sensitive = itemFeatures.declarations.filter(({ personal }) => personal === 'sensitive');
    expect(sensitive.map(({ name }) => name)).toEqual(['segment_rank', 'segment_share']);
  });
});
