import { describe, expect, it } from 'vitest';
import { decodeProgress, encodeProgress, newProgress, type TaskProgress } from '../../../runtime/engine/progress.js';

describe('the progress of a task', () => {
  it('comes back as it was, infinities included', () => {
    const progress: TaskProgress = {
      ...newProgress(),
      channels: {
        'eu.events/0/external': { next: 17, clockMs: 5, watermarkMs: -Infinity, idle: true, ended: false },
        'eu.events/1/trends@1/0#3': { next: 0, clockMs: -Infinity, watermarkMs: Infinity, idle: false, ended: true, taken: { first: 3, last: 9 } },
      },
      sent: { 'eu.results': [0, 4] },
      markedMs: Infinity,
      origin: { topic: 'eu.events', partition: 1, offset: 16 },
    };
    expect(decodeProgress(encodeProgress(progress))).toEqual(progress);
    expect(decodeProgress(encodeProgress(newProgress()))).toEqual(newProgress());
  });

  it('is refused when it is damaged', () => {
    expect(() => decodeProgress(Buffer.from('{"channels":'))).toThrow(expect.objectContaining({ code: 'SFS_PROGRESS_INVALID' }));
  });
});
