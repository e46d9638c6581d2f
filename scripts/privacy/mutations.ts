/**
 * For each obligation of docs/reference/compliance.md that has a command, a change of the code after which the command must fail: what shows a feature shows
 * nothing where it would pass without it. `npm run compliance -- --mutations` tries them all, in a copy of the tree.
 */

/** A change that takes a feature away. */
export interface Mutation {
  /** The obligation as the first column of the page has it. */
  readonly obligation: string;
  /** What is taken away. */
  readonly without: string;
  /** Path from the root of the checkout. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replacement: string;
  /** One of the commands of the obligation. */
  readonly command: string;
}

/** Rows that are no obligations. */
export const NO_OBLIGATIONS: readonly string[] = ['something to look at'];

/** All of them, in the order of the page. */
export const MUTATIONS: readonly Mutation[] = [
  {
    obligation: 'GDPR art. 30, record of processing',
    without: 'a topic is in no entry of the inventory',
    file: 'schemas/inventory/topicUses.ts',
    find: "  clicks: ['course-statistics', 'personal-recommendations', 'model-training', 'experiments'],\n",
    replacement: '',
    command: 'skillforge privacy record',
  },
  {
    obligation: 'GDPR art. 5(1)(c), data minimisation',
    without: 'fields that no schema has are taken',
    file: 'scripts/commands/jsonValues.ts',
    find: 'if (unknown !== undefined) throw',
    replacement: "if (unknown === '') throw",
    command: 'npx vitest run test/scripts/commands/jsonValues.test.ts',
  },
  {
    obligation: 'GDPR art. 7(3), withdrawal of consent',
    without: 'consent is not asked',
    file: 'operators/recommend/profile.ts',
    find: 'profile !== null && profile.personal.consentProfiling &&',
    replacement: 'profile !== null &&',
    command: 'npx vitest run test/topologies/rights.test.ts',
  },
  {
    obligation: 'GDPR art. 21, objection',
    without: 'an objection is not looked at',
    file: 'operators/recommend/profile.ts',
    find: ' && profile.personal.objectsToProfiling !== true',
    replacement: '',
    command: 'npx vitest run test/topologies/rights.test.ts',
  },
  {
    obligation: 'GDPR art. 18, restriction',
    without: 'a restriction is not looked at',
    file: 'operators/recommend/profile.ts',
    find: 'profile?.personal.restricted === true',
    replacement: 'profile?.personal.restricted === undefined',
    command: 'npx vitest run test/topologies/rights.test.ts',
  },
  {
    obligation: 'GDPR art. 22 and 13(2)(f), recommendations without profiling',
    without: 'the record is looked at although there is to be no profiling',
    file: 'reader/client.ts',
    find: ', profiling !== false);',
    replacement: ', true);',
    command: 'npx vitest run test/reader/questions.test.ts',
  },
  {
    obligation: 'GDPR art. 15 and 20, access and portability',
    without: 'what is found is counted and not told',
    file: 'scripts/privacy/learnerExport.ts',
    find: '      yield { store, where, value };\n',
    replacement: '',
    command: 'npx vitest run test/scripts/privacy/erasure.test.ts',
  },
  {
    obligation: 'GDPR art. 17, erasure',
    without: 'an erasure leaves log and state as they are',
    file: 'scripts/privacy/erasure/steps.ts',
    find: "  { name: 'log-and-state', work: contentsStep },\n",
    replacement: '',
    command: 'skillforge privacy erase learner-10 --verify --accept-unseen feature-store home-register snapshots raw-files',
  },
  {
    obligation: 'GDPR art. 12(2), rights without a terminal',
    without: 'a request is answered, and written nowhere',
    file: 'gateway/http/rightsRoutes.ts',
    find: '    await intake.take([asked]);\n',
    replacement: '',
    command: 'npx vitest run test/gateway/rights.test.ts',
  },
  {
    obligation: 'GDPR art. 17, erasure on Kafka and Redis',
    without: 'rows and timers in Redis stay as they are',
    file: 'scripts/privacy/erasure/serverSteps.ts',
    find: "  { name: 'redis-state', work: onServers(stateStep) },\n",
    replacement: '',
    command: 'npx vitest run test/integration/cluster/erasure.test.ts',
  },
  {
    obligation: 'GDPR art. 25 and 32, encryption under a key of the person',
    without: 'what topologies write to a folder with keys is written in clear',
    file: 'runtime/embedded/embeddedStorage.ts',
    find: 'const sealed = this.seal?.commit(commit) ?? commit;',
    replacement: 'const sealed = commit;',
    command: 'npx vitest run test/scripts/privacy/keys.test.ts',
  },
  {
    obligation: 'GDPR art. 25, nothing personal in clear unasked',
    without: 'exports ask nobody',
    file: 'scripts/commands/inClear.ts',
    find: 'if (!isSealed(tools) || isMeant(options)) return;',
    replacement: 'if (!isSealed(tools) || options !== null) return;',
    command: 'npx vitest run test/scripts/privacy/inClear.test.ts',
  },
  {
    obligation: 'GDPR art. 5(1)(c), no statistics of few',
    without: 'the floor is one learner',
    file: 'operators/recommend/cohortFloor.ts',
    find: 'export const COHORT_FLOOR = 5;',
    replacement: 'export const COHORT_FLOOR = 1;',
    command: 'npx vitest run test/operators/recommend/cohortFloor.test.ts',
  },
  {
    obligation: 'GDPR art. 32, security',
    without: 'a reader may write what it reads',
    file: 'scripts/deploy/kafkaRules.ts',
    find: 'if (isReadByView(name)) this.topic(role, name, READING);',
    replacement: 'if (isReadByView(name)) this.topic(role, name, BOTH);',
    command: 'npx vitest run test/security/acls.test.ts',
  },
  {
    obligation: 'GDPR art. 32, encryption on the way',
    without: 'a Redis with any certificate is taken',
    file: 'runtime/redis/connection.ts',
    find: '...(tls === undefined ? {} : { tls }) };',
    replacement: '...(tls === undefined ? {} : { tls: { ...tls, rejectUnauthorized: false } }) };',
    command: 'npx vitest run test/integration/redis/connection.test.ts',
  },
  {
    obligation: 'GDPR art. 32, no secret in a log',
    without: 'what a client of Kafka says is repeated with the password in it',
    file: 'runtime/kafka/failures.ts',
    find: "rest.replaceAll(secret!, '***'), text);",
    replacement: "rest.replaceAll(secret!, '$&'), text);",
    command: 'npx vitest run test/security/secrets.test.ts',
  },
  {
    obligation: 'GDPR art. 32, input that is nearly right',
    without: 'a file of a model that is no JSON is refused without a code',
    file: 'runtime/models/manifest.ts',
    find: "throw damaged(path, `it is no JSON${position === undefined ? '' : `, from position ${position} on`}`, cause);",
    replacement: 'throw new Error(`${path} ${position}`, { cause });',
    command: 'npx vitest run test/security/fuzz/fuzz.test.ts',
  },
  {
    obligation: 'GDPR art. 32, weaknesses of dependencies',
    without: 'an exception has no last day',
    file: 'scripts/checks/audit.ts',
    find: 'one.advisory === id && one.until >= today',
    replacement: 'one.advisory === id',
    command: 'npx vitest run test/checks/audit.test.ts',
  },
  {
    obligation: 'GDPR art. 17 and 20, a move to another region',
    without: 'the switch is left out, and both regions go on as they were',
    file: 'gateway/lmdbHomeRegister.ts',
    find: '      this.file.root.putSync(key, entry);\n      return true;\n',
    replacement: '      return true;\n',
    command: 'npx vitest run test/scripts/privacy/move.test.ts',
  },
  {
    obligation: 'GDPR art. 17 and 20, a move on Kafka and Redis',
    without: 'a gateway that is gone keeps its place in the log',
    file: 'scripts/privacy/move/rest.ts',
    find: '      await log.shutOut(batch.gateway);\n',
    replacement: '',
    command: 'npx vitest run test/integration/cluster/moveUnderWay.test.ts',
  },
  {
    obligation: 'GDPR ch. V, no transfer to another region',
    without: 'records of another region are taken',
    file: 'schemas/regions.ts',
    find: 'if (found !== region) throw regionMismatch(`a record',
    replacement: "if (found === '') throw regionMismatch(`a record",
    command: 'npx vitest run test/regions/matrix.test.ts',
  },
  {
    obligation: 'AI Act art. 12 and 19, record-keeping',
    without: 'a record that is another one is not told',
    file: 'scripts/decisions/sealing.ts',
    find: 'else if (found === sealed) this.records++;',
    replacement: 'else if (found !== undefined) this.records++;',
    command: 'npx vitest run test/scripts/decisions/sealing.test.ts',
  },
  {
    obligation: 'AI Act art. 19 and 26(6), six months',
    without: 'the feature log is kept a hundred days',
    file: 'schemas/topics.ts',
    find: 'const EVENT_RETENTION_MS = 400 * DAY_MS;',
    replacement: 'const EVENT_RETENTION_MS = 100 * DAY_MS;',
    command: 'npx vitest run test/scripts/decisions/retention.test.ts',
  },
  {
    obligation: 'AI Act art. 12, the record of an erased learner',
    without: 'the id of an erased decision is not noted',
    file: 'scripts/decisions/erasedDecisions.ts',
    find: 'const erasedIds = digestsOf(secretFor(folder), found)',
    replacement: 'const erasedIds = digestsOf(secretFor(folder), [])',
    command: 'npx vitest run test/scripts/decisions/erasedDecision.test.ts',
  },
  {
    obligation: 'AI Act art. 13, transparency',
    without: 'scores that are others are not told',
    file: 'scripts/decisions/replayedDecision.ts',
    find: '!Object.is(Math.fround(logged[row]!), scores[row])',
    replacement: 'logged[row] === undefined',
    command: 'npx vitest run test/scripts/decisions/replayedDecision.test.ts',
  },
  {
    obligation: 'AI Act art. 13 and 50, notices',
    without: 'a ranked list is not called that',
    file: 'reader/notice.ts',
    find: 'const RANKED: Notice = { aiAssisted: true',
    replacement: 'const RANKED: Notice = { aiAssisted: false',
    command: 'npx vitest run test/reader/oversight.test.ts',
  },
  {
    obligation: 'AI Act art. 14, human oversight: stop and overrule',
    without: 'a pause of the region is not looked at',
    file: 'schemas/oversight.ts',
    find: 'return this.measures.paused || (course',
    replacement: 'return false || (course',
    command: 'npx vitest run test/reader/oversight.test.ts',
  },
  {
    obligation: 'AI Act art. 14, human oversight: new decisions',
    without: 'a model that is killed decides on',
    file: 'runtime/engine/taskModels.ts',
    find: 'if (model !== null && !oversight.isKilled(model.version)) return model;',
    replacement: 'if (model !== null) return model;',
    command: 'npx vitest run test/runtime/oversight/followOversight.test.ts',
  },
  {
    obligation: 'AI Act art. 14, human oversight: who did what',
    without: 'the log leaves out what was taken back',
    file: 'scripts/oversight/acts.ts',
    find: "action: holds ? 'override' : 'clear'",
    replacement: "action: 'override'",
    command: 'npx vitest run test/scripts/oversight/orderBox.test.ts',
  },
  {
    obligation: 'AI Act art. 9 and 11, risk register and technical documentation',
    without: 'a risk names a test that is not there',
    file: 'scripts/technicalFile/risks.ts',
    find: "test('runtime/observability/psi.test.ts', 'is that of the trainer', 'Python')",
    replacement: "test('runtime/observability/psi.test.ts', 'is that of nobody', 'Python')",
    command: 'npx vitest run test/docs/technicalFile.test.ts',
  },
  {
    obligation: 'AI Act art. 10 and 15, fairness between groups',
    without: 'a group that lost passes the gate',
    file: 'scripts/models/gates/statisticalGates.ts',
    find: 'measured === null || (measured.difference < bounds.groups &&',
    replacement: 'measured === null || (measured.difference < 10 * bounds.groups &&',
    command: 'npx vitest run test/scripts/models/gates/statisticalGates.test.ts test/scripts/models/gates/groupRows.test.ts',
  },
  {
    obligation: 'AI Act art. 15, accuracy over time',
    without: 'drift is told with another sign',
    file: 'runtime/observability/drift/psi.ts',
    find: 'sum += (p - q) * Math.log(p / q);',
    replacement: 'sum -= (p - q) * Math.log(p / q);',
    command: 'npx vitest run test/runtime/observability/psi.test.ts',
  },
];
