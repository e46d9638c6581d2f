import { defineConfig } from 'vitest/config';
import { SlowFirst } from './scripts/checks/slowFirst.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real servers for the tests that ask for them; the others do not wait.
    globalSetup: ['test/integration/serversSetup.ts'],
    pool: 'forks',
    // Files share processes, and what is loaded there: see the set-up.
    isolate: false,
    setupFiles: ['./test/fixtures/ownSurroundings.ts'],
    // On two cores: the tests on servers wait most of their time.
    maxWorkers: 3,
    sequence: { sequencer: SlowFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A busy machine may hold a process up for longer than the second that is the default.
    expect: { poll: { timeout: 30_000 } },
    // The last reporter prints the plain line of counts.
    reporters: ['default', './scripts/checks/countsReporter.ts'],
  },
});
