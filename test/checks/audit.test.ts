/** What the policy makes of what `npm audit` says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judged, reportIn, type AuditPolicy, type AuditReport } from '../../scripts/checks/audit.js';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';

const TODAY = '2026-11-29';
const advisory = (id: string, severity: string, name = 'thing') => ({
  name,
  title: `what ${id} is`,
  url: `https://github.com/advisories/${id}`,
  severity,
});
const report = (...via: object[]): AuditReport => ({ vulnerabilities: { thing: { via: ['other', ...via] } } }) as AuditReport;
const policy = (...allowed: AuditPolicy['allowed']): AuditPolicy => ({ refuses: { dependencies: 'moderate', development: 'high' }, allowed });
const none = report();

describe('the audit of dependencies', () => {
  it('refuses from another severity on what is shipped and what is for development', () => {
    const shipped = report(advisory('GHSA-a', 'moderate'), advisory('GHSA-b', 'low'));
    const all = report(advisory('GHSA-a', 'moderate'), advisory('GHSA-b', 'low'), advisory('GHSA-c', 'moderate'), advisory('GHSA-d', 'critical'));
    const { refused, allowed, stale } = judged({ dependencies: shipped, all }, policy(), TODAY);
    expect(refused.map((text) => text.split(' ')[0])).toEqual(['GHSA-a', 'GHSA-d']);
    expect([allowed, stale]).toEqual([[], []]);
  });

  it('lets pass what is allowed, until its day', () => {
    const found = { dependencies: report(advisory('GHSA-a', 'high')), all: none };
    const entry = { advisory: 'GHSA-a', reason: 'we never call it', until: TODAY };
    expect(judged(found, policy(entry), TODAY)).toMatchObject({ refused: [], stale: [] });
    expect(judged(found, policy(entry), TODAY).allowed[0]).toContain('we never call it');
    expect(judged(found, policy({ ...entry, until: '2026-11-28' }), TODAY)).toMatchObject({
      refused: [expect.any(String)],
      stale: [expect.any(String)],
    });
  });

  it('names what the policy allows and nothing needs', () => {
    const entry = { advisory: 'GHSA-gone', reason: 'x', until: '2027-01-01' };
    expect(judged({ dependencies: none, all: none }, policy(entry), TODAY).stale).toEqual(['GHSA-gone, until 2027-01-01']);
  });

  it('tells silence from a report', () => {
    expect(reportIn('{"vulnerabilities":{}}')).toEqual({ vulnerabilities: {} });
    expect(reportIn('{"error":{"code":"ENOAUDIT","summary":"x"}}')).toEqual({ silent: 'ENOAUDIT' });
    expect(reportIn('{"message":"request failed"}')).toEqual({ silent: 'request failed' });
    expect(reportIn('<html>')).toEqual({ silent: 'an answer that is no JSON' });
  });

  it('has a policy whose entries have a reason and a day', () => {
    const kept = JSON.parse(readFileSync(join(projectRoot, 'scripts', 'checks', 'auditPolicy.json'), 'utf8')) as AuditPolicy;
    expect(Object.keys(kept.refuses)).toEqual(['dependencies', 'development']);
    for (const { advisory: id, reason, until } of kept.allowed) {
      expect(id).toMatch(/^GHSA-/);
      expect(reason.length).toBeGreaterThan(20);
      expect(until).toMatch(/^\d{4}-\d\d-\d\d$/);
    }
  });
});
