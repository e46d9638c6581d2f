/** What commands say, without a process for each. */
import { describe, expect, it } from 'vitest';
import type { StoredDeadLetter } from '../../../runtime/deadLetters.js';
import { HeaderWriter } from '../../../runtime/engine/header.js';
import { noLettersText } from '../../../scripts/commands/dlqList.js';
import { replayText } from '../../../scripts/commands/dlqReplay.js';
import { folderInvocation, invocation } from '../../../scripts/commands/invocation.js';
import { offsetsText } from '../../../scripts/commands/lag.js';
import { runWork } from '../../../scripts/commands/run.js';
import { eventTimeOf } from '../../../scripts/commands/eventTime.js';
import { spanText } from '../../../scripts/topology/spanText.js';

const stored = (code: string, sourceTopic: string) => ({ letter: { code, sourceTopic } }) as StoredDeadLetter;

describe('a choice of dead letters that leaves none', () => {
  it('names the filter, and the codes and topics that there are', async () => {
    const letters = [stored('SFS_LATE', 'eu.clicks'), stored('SFS_LATE', 'eu.clicks'), stored('SFS_MISS', 'eu.profiles')];
    expect(await noLettersText(letters, { code: 'SFS_LAET', topic: 'clicks' })).toBe(
      'no dead letters with code SFS_LAET from topic clicks\nthere are: 2 SFS_LATE, 1 SFS_MISS\nfrom: 2 eu.clicks, 1 eu.profiles',
    );
  });

  it('says so shortly where there are none at all', async () => {
    expect(await noLettersText([], { code: 'SFS_LATE' })).toBe('no dead letters');
  });
});

describe('a replay of dead letters', () => {
  it('tells letters of records that went back before from other letters of one record', () => {
    const done = { replayed: 2, alreadyReplayed: 3, before: 1, unreplayable: [{ id: 'a/0/1', reason: 'no topic' }] };
    expect(replayText({ ...done, dryRun: false })).toBe(
      [
        '2 records went back',
        '1 letter skipped: the record went back before',
        '2 letters skipped: another letter of a record that went back once',
        'not replayable: a/0/1: no topic',
      ].join('\n'),
    );
  });

  it('speaks of what would be in a dry run, in the singular too', () => {
    expect(replayText({ replayed: 1, alreadyReplayed: 1, before: 0, unreplayable: [], dryRun: true })).toBe(
      '1 record would go back\n1 letter skipped: another letter of a record that goes back once',
    );
  });
});

describe('where a task is', () => {
  const at = (topic: string, partition: number, next: number, end: number) => ({ topic, partition, next, end, lag: end - next });

  it('is a pair of offsets, with the topic where it reads several, and the sum over a global table', () => {
    expect(offsetsText([at('eu.clicks', 4, 17, 20)])).toBe('17/20');
    expect(offsetsText([at('eu.clicks', 4, 17, 20), at('eu.catalogue', 0, 2, 2), at('eu.catalogue', 1, 3, 5)])).toBe('clicks 17/20, catalogue 5/7');
  });
});

describe('a run as work', () => {
  const of = (processed: number, lag: number) => ({ processed, lag, watermarkMs: null });

  it('is no share of nothing, and waits or closes windows by its mode when nothing is left', () => {
    expect(runWork(of(0, 0), 'running', 'follow')).toEqual({
      what: 'running',
      done: 0,
      total: null,
      unit: 'records',
      note: 'watermark -, waiting for records',
    });
    expect(runWork(of(5, 0), 'running', 'end-of-input')).toMatchObject({ total: 5, note: 'watermark -, closing windows' });
    expect(runWork(of(5, 0), 'running', 'until-end')).toMatchObject({ total: 5, note: 'watermark -' });
    expect(runWork(of(5, 2), 'running', 'follow')).toMatchObject({ done: 5, total: 7, note: 'watermark -' });
  });
});

describe('the event time of a record', () => {
  const writer = new HeaderWriter({ name: 'mine@1/0', partition: 0, count: 1 });
  const times = { eventTimeMs: 5, streamTimeMs: 6, watermarkMs: 4 };
  const origin = { topic: 'eu.clicks', partition: 0, offset: 1, index: 0 };

  it('is that of its header, else that of its value, else unknown', () => {
    expect(eventTimeOf({ header: writer.record(times, origin) }, { occurredAtMs: 9 })).toBe(5);
    expect(eventTimeOf({ header: null }, { updatedAtMs: 8 })).toBe(8);
    expect(eventTimeOf({ header: null }, { at: 9 })).toBeNull();
    expect(eventTimeOf({ header: null }, null)).toBeNull();
  });

  it('is none for a marker, and where the header has no number', () => {
    expect(eventTimeOf({ header: writer.marker(times, { idle: false, end: false }) }, undefined)).toBeNull();
    expect(eventTimeOf({ header: writer.record({ ...times, eventTimeMs: -Infinity }, origin) }, undefined)).toBeNull();
  });
});

describe('a command to type', () => {
  it('names the folder and the region only where they are not the usual ones', () => {
    expect(folderInvocation('topology plan a', { data: '.skillforge', region: 'eu-west' })).toBe(`${invocation()} topology plan a`);
    expect(folderInvocation('topology plan a', { data: '/srv/x', region: 'us' })).toBe(`${invocation()} topology plan a --data /srv/x --region us`);
  });

  it('goes through npx where the package is installed', () => {
    expect(invocation('/home/ada/node_modules/.bin/skillforge')).toBe('npx skillforge');
  });
});

describe('a span of time', () => {
  it.each([
    [0, '0 ms'],
    [1, '1 ms'],
    [25 * 3_600_000, '1 d 1 h'],
    [10_090 * 60_000, '7 d 10 min'],
    [61_001, '1 min 1 s 1 ms'],
  ])('of %i ms is %s', (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });
});
