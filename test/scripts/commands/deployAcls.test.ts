import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KNOWN_SECRET } from '../../../scripts/checks/knownSecret.js';
import { runCli } from './cliProcess.js';
import { newFolder } from '../../fixtures/folders.js';

describe('skillforge deploy acls', () => {
  it('writes one user for workers of several topologies, and no password', async () => {
    const folder = newFolder();
    const passwords = join(folder, 'passwords.json');
    writeFileSync(passwords, JSON.stringify({ 'eu-west.worker.both': `both-${KNOWN_SECRET}` }));
    const args = ['deploy', 'acls', '--worker', 'both=curricula,learner-activity', '--format', 'redis', '--passwords', passwords];
    // What runs commands for tests refuses output with a known secret.
    const { code, stdout } = await runCli(args, folder);
    expect(code).toBe(0);
    const [line] = stdout.split('\n').filter((one) => one.startsWith('user eu-west.worker.both '));
    expect(line).toMatch(/ reset on #[0-9a-f]{64} /);
    expect(line).toContain(' ~skillforge:{eu-west/curricula@* ~skillforge:{eu-west/learner-activity@* ');
    expect(stdout).toMatch(/^user eu-west\.reader reset off /m);
  });
});
