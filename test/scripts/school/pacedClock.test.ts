import { describe, expect, it } from 'vitest';
import { PacedClock, simulatedSecondMs } from '../../../scripts/school/pacedClock.js';

const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2025, 8, 9);

/** A clock at a day a minute, and what drives it. */
function pacedClock(wall = (): number => FIRST_MS + 1_000 * DAY_MS) {
  const machine = { ticks: 5_000 };
  const clock = new PacedClock(FIRST_MS, { daysPerMinute: 1, ticks: () => machine.ticks, wall });
  const after = (ms: number, held = false): number => {
    machine.ticks += ms;
    return (clock.advance(held) - FIRST_MS) / DAY_MS;
  };
  return { clock, after };
}

describe('the clock of a school', () => {
  it('runs at its pace', () => {
    const { clock, after } = pacedClock();
    expect(clock.nowMs).toBe(FIRST_MS);
    expect([after(600), after(0), after(900)]).toEqual([0.01, 0.01, 0.025]);
    expect(clock.nowMs).toBe(FIRST_MS + 0.025 * DAY_MS);
  });

  it('stands still while it is held, and does not make up for it', () => {
    const { after } = pacedClock();
    expect([after(600), after(900, true), after(900, true), after(600)]).toEqual([0.01, 0.01, 0.01, 0.02]);
  });

  it('goes on from where it was when the machine slept', () => {
    const { after } = pacedClock();
    expect(after(3_600_000)).toBe(1 / 60);
  });

  it('comes as far as the present, and never goes back', () => {
    let wallMs = FIRST_MS + DAY_MS / 100;
    const { after } = pacedClock(() => wallMs);
    expect([after(900), after(900)]).toEqual([0.01, 0.01]);
    wallMs -= DAY_MS;
    expect(after(900)).toBe(0.01);
    wallMs += 2 * DAY_MS;
    expect(after(600)).toBe(0.02);
  });
});

describe('a second of this machine', () => {
  it('is so many whole minutes of the school, at least one', () => {
    expect([1, 0.5, 10, 1 / 1_440].map(simulatedSecondMs)).toEqual([24, 12, 240, 1].map((minutes) => minutes * 60_000));
  });
});
