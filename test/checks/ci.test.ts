import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';

const COUNTS = '12 passed, 0 failed, 1 skipped';

let folder: string;

const block = (mark: string, command: string): string => `<!-- ci:${mark} -->\n\n\`\`\`sh\n${command}\n\`\`\`\n`;
const readme = (first: string, second: string): string => `# Name\n\n${block('install-and-run', first)}\nThen\n\n${block('test', second)}\n`;

function runCi(text: string, env: NodeJS.ProcessEnv = {}) {
  writeFileSync(join(folder, 'README.md'), text);
  const { status, stdout, stderr } = spawnSync(join(folder, '.ci', 'run'), { cwd: tmpdir(), encoding: 'utf8', env: { ...process.env, ...env } });
  return { status, lines: stdout.trimEnd().split('\n'), stderr };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skillforge-ci-'));
  mkdirSync(join(folder, '.ci'));
  cpSync(join(projectRoot, '.ci', 'run'), join(folder, '.ci', 'run'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('.ci/run', () => {
  it('runs both commands in order, from the root of the project, and ends with the counts', () => {
    const { status, lines } = runCi(readme('echo first >made', `cat made && echo '${COUNTS}' && echo 'more words'`));
    expect(lines).toContain('ci: install-and-run: echo first >made');
    expect(lines).toContain('first');
    expect(lines.at(-1)).toBe(COUNTS);
    expect(status).toBe(0);
  });

  it('removes what an earlier run installed and built', () => {
    mkdirSync(join(folder, 'node_modules'));
    mkdirSync(join(folder, 'dist'));
    expect(runCi(readme('test ! -e node_modules && test ! -e dist', `echo '${COUNTS}'`)).status).toBe(0);
  });

  it('fails when the first command does, and does not start the second', () => {
    const { status, lines, stderr } = runCi(readme('exit 3', `echo '${COUNTS}'`));
    expect(status).toBe(1);
    expect(stderr).toContain('the first command of README.md failed');
    expect(lines).not.toContain(COUNTS);
  });

  it('fails with the counts when a test fails, whatever the exit code says', () => {
    const { status, lines } = runCi(readme('true', "echo '11 passed, 1 failed, 1 skipped'"));
    expect(lines.at(-1)).toBe('11 passed, 1 failed, 1 skipped');
    expect(status).toBe(1);
  });

  it('keeps the exit code of a failed test command', () => {
    expect(runCi(readme('true', `echo '${COUNTS}'; exit 5`)).status).toBe(5);
  });

  it('fails when the tests print no counts', () => {
    expect(runCi(readme('true', 'true')).stderr).toContain('the tests printed no line of counts');
  });

  it('fails when a command is missing', () => {
    expect(runCi('# Name\n').stderr).toContain('README.md has no code block after <!-- ci:install-and-run -->');
  });

  it('ends a command that takes too long', () => {
    const { status, lines } = runCi(readme('sleep 30', 'true'), { CI_LIMIT_SECONDS: '2' });
    expect(lines.at(-1)).toMatch(/^ci: install-and-run ended with 124 /);
    expect(status).toBe(1);
  });
});

describe('README.md', () => {
  it('marks the two commands that .ci/run takes from it', () => {
    const marks = ['install-and-run', 'test'].map((mark) =>
      spawnSync('grep', ['-c', `<!-- ci:${mark} -->`, join(projectRoot, 'README.md')], { encoding: 'utf8' }),
    );
    expect(marks.map(({ stdout }) => stdout.trim())).toEqual(['1', '1']);
  });
});
