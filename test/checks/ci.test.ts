import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';

const COUNTS = '12 passed, 0 failed, 1 skipped';

let folder: string;

const block = (mark: string, command: string): string => `<!-- ci:${mark} -->\n\n\`\`\`sh\n${command}\n\`\`\`\n`;
const readme = (first: string, second: string): string => `# Name\n\n${block('install-and-run', first)}\nThen\n\n${block('test', second)}\n`;

/** Answers each request with the text, after it has printed the request; the page at / with a status. */
const SERVER = `const { createServer } = require('node:http');
const [answer, pageStatus, stubborn] = process.argv.slice(2);
if (stubborn !== undefined) process.on('SIGTERM', () => undefined);
const server = createServer(({ url }, response) => {
  if (url === '/') response.statusCode = Number(pageStatus);
  response.end(answer);
});
server.listen(0, () => console.log('try curl -s http://127.0.0.1:' + server.address().port + '/list?limit=1'));
`;
const serving = (answer: string, pageStatus = 200): string => `node server.cjs '${answer}' ${pageStatus}`;

const SERVING = serving('{"items":[{"item":"page-1"}]}');

function runCi(text: string, env: NodeJS.ProcessEnv = {}) {
  writeFileSync(join(folder, 'README.md'), text);
  const { status, stdout, stderr } = spawnSync(join(folder, '.ci', 'run'), { cwd: tmpdir(), encoding: 'utf8', env: { ...process.env, ...env } });
  return { status, lines: stdout.trimEnd().split('\n'), stderr };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skillforge-ci-'));
  mkdirSync(join(folder, '.ci'));
  cpSync(join(projectRoot, '.ci', 'run'), join(folder, '.ci', 'run'));
  writeFileSync(join(folder, 'server.cjs'), SERVER);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('.ci/run', () => {
  it('runs the first command until its request is answered, then the second, from the root of the project, and ends with the counts', () => {
    const { status, lines } = runCi(readme(`echo first >made\n${SERVING}`, `cat made && echo '${COUNTS}' && echo 'more words'`));
    expect(lines).toContain('ci: install-and-run: echo first >made');
    expect(lines.find((line) => line.startsWith('try'))).toMatch(/^try curl -s http:/);
    expect(lines).toContain('{"items":[{"item":"page-1"}]}');
    expect(lines).toContain('first');
    expect(lines.at(-1)).toBe(COUNTS);
    expect(status).toBe(0);
  });

  it('leaves nothing running', () => {
    runCi(readme(`echo $$ >pid\nexec ${SERVING}`, `echo '${COUNTS}'`));
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    expect(pid).toBeGreaterThan(0);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('fails when the first command does not end when it is asked to', { timeout: 60_000 }, () => {
    const { status, lines, stderr } = runCi(readme(`${SERVING} stubborn`, `echo '${COUNTS}'`), { CI_END_SECONDS: '2' });
    expect(stderr).toContain('the first command did not end when it was asked to');
    expect(status).toBe(1);
    expect(lines).not.toContain(COUNTS);
  });

  it('fails when the page does not answer', () => {
    const { status, stderr } = runCi(readme(serving('{"items":[{"item":"page-1"}]}', 404), `echo '${COUNTS}'`));
    expect(stderr).toContain('the page does not answer');
    expect(status).toBe(1);
  });

  it('removes what an earlier run installed and built', () => {
    mkdirSync(join(folder, 'node_modules'));
    mkdirSync(join(folder, 'dist'));
    expect(runCi(readme(`test ! -e node_modules && test ! -e dist\n${SERVING}`, `echo '${COUNTS}'`)).status).toBe(0);
  });

  it('fails when the first command ends before it serves, and does not start the second', () => {
    const { status, lines, stderr } = runCi(readme('exit 3', `echo '${COUNTS}'`));
    expect(status).toBe(1);
    expect(stderr).toContain('the first command of README.md ended before it served');
    expect(lines).not.toContain(COUNTS);
  });

  it('fails when the answer holds no recommendation', () => {
    const { status, lines, stderr } = runCi(readme(serving('{"items":[]}'), `echo '${COUNTS}'`));
    expect(status).toBe(1);
    expect(stderr).toContain('the answer holds no recommendation');
    expect(lines).not.toContain(COUNTS);
  });

  it('fails with the counts when a test fails, whatever the exit code says', () => {
    const { status, lines } = runCi(readme(SERVING, "echo '11 passed, 1 failed, 1 skipped'"));
    expect(lines.at(-1)).toBe('11 passed, 1 failed, 1 skipped');
    expect(status).toBe(1);
  });

  it('keeps the exit code of a failed test command', () => {
    expect(runCi(readme(SERVING, `echo '${COUNTS}'; exit 5`)).status).toBe(5);
  });

  it('fails when the tests print no counts', () => {
    expect(runCi(readme(SERVING, 'true')).stderr).toContain('the tests printed no line of counts');
  });

  it('fails when a command is missing', () => {
    expect(runCi('# Name\n').stderr).toContain('README.md has no code block after <!-- ci:install-and-run -->');
  });

  it('tells the tests when half of its time is over, and all of it', () => {
    const nowSeconds = Date.now() / 1000;
    const times = 'echo half $SKILLFORGE_HALF_TIME; echo end $SKILLFORGE_END_TIME';
    const { lines } = runCi(readme(SERVING, `${times}; echo '${COUNTS}'`), { CI_LIMIT_SECONDS: '600' });
    const secondsTo = (word: string): number => Number(lines.find((line) => line.startsWith(word))!.split(' ')[1]) - nowSeconds;
    expect(secondsTo('half')).toBeGreaterThan(298);
    expect(secondsTo('half')).toBeLessThan(305);
    expect(secondsTo('end')).toBeGreaterThan(598);
    expect(secondsTo('end')).toBeLessThan(605);
  });

  it('ends a command that takes too long', () => {
    const { status, stderr } = runCi(readme('sleep 30', 'true'), { CI_LIMIT_SECONDS: '1' });
    expect(stderr).toContain('the first command of README.md ended before it served');
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
