/** Java and Maven: what runs the broker and the registry, and what brings them. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkillForgeError } from '../../schemas/index.js';
import { inTurn } from './inTurn.js';
import { aptInstall, findProgram, isExecutable, runProgram } from './programs.js';

const OLDEST_JAVA = 17;
const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

/** A Java of version 17 or newer: that of `JAVA_HOME`, else the first on the `PATH`; `null` where there is none. */
export function findJava(env: NodeJS.ProcessEnv = process.env): string | null {
  const home = env['JAVA_HOME'];
  const own = home === undefined || home === '' ? null : join(home, 'bin', 'java');
  const java = own !== null && isExecutable(own) ? own : findProgram(['java'], env);
  return java !== null && versionOf(java) >= OLDEST_JAVA ? java : null;
}

/** The major version, such as 17; 0 when it does not say. */
function versionOf(java: string): number {
  const { stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
}

/** Like {@link findJava}. Starting a server does not install one; `npm run test:setup` does. @throws SFS_SERVICE_MISSING */
export function requireJava(purpose: string): string {
  const java = findJava();
  if (java !== null) return java;
  throw missing(`${purpose} needs Java ${OLDEST_JAVA} or newer, on the PATH or in JAVA_HOME; on Debian: apt-get install default-jre-headless`);
}

/** Maven's local repository is not made for two at a time. */
const runInTurn = inTurn();

/** One goal of Maven's dependency plugin. */
export interface MavenGoal {
  readonly name: string;
  /** XML elements of the project that it runs in. */
  readonly project: string;
  /** Folder that takes the project's file, and what the plugin notes down. */
  readonly folder: string;
  readonly options: readonly string[];
}

/** Runs a goal. Maven itself is installed where it is missing and this user is root. @throws SFS_SERVICE_MISSING */
export function runMaven(goal: MavenGoal, report: (line: string) => void): Promise<void> {
  return runInTurn(() => runAlone(goal, report));
}

async function runAlone({ name, project, folder, options }: MavenGoal, report: (line: string) => void): Promise<void> {
  if (findProgram(['mvn']) === null) await aptInstall(['maven'], report);
  const maven = findProgram(['mvn']);
  if (maven === null) throw missing('Maven is missing and cannot be installed here; on Debian: apt-get install maven');
  const pom = join(folder, 'pom.xml');
  await writeFile(pom, pomText(project));
  const { ok, output } = await runProgram(maven, ['--batch-mode', '--quiet', '--file', pom, ...options, `${PLUGIN}:${name}`]);
  if (!ok) throw missing(`Maven could not fetch what is missing: ${output}`);
}

const missing = (message: string): SkillForgeError => new SkillForgeError('SFS_SERVICE_MISSING', message);

const pomText = (project: string): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>skillforge</groupId>
  <artifactId>services</artifactId>
  <version>1</version>
  ${project}
</project>
`;
