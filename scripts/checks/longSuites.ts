/** What `npm run test:long` runs. */

/** A suite, and how often it tries: `npm test` takes a fifth to a tenth of it. */
export interface LongSuite {
  readonly name: string;
  /** Folder of tests, or one file. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** In the order in which they run. */
export const LONG_SUITES: readonly LongSuite[] = [
  { name: 'properties, 250 runs each', folder: 'test/properties', env: { SKILLFORGE_RUNS: '250' } },
  { name: 'every interleaving of the commit protocol, within larger bounds', folder: 'test/model', env: { SKILLFORGE_MODEL: 'long' } },
  { name: '60 crashes, a full disk, 120 damaged files', folder: 'test/simulation', env: { SKILLFORGE_KILLS: '60', SKILLFORGE_DAMAGES: '120' } },
  { name: 'faults on real servers, and without each guard', folder: 'test/integration/faults', env: { SKILLFORGE_FAULTS: 'long' } },
  { name: 'the leader of three brokers killed', folder: 'test/scripts/services', env: { SKILLFORGE_FAULTS: 'long' } },
  { name: 'files of LMDB that are opened beside a writer, a minute each', folder: 'test/lmdb', env: { SKILLFORGE_FAULTS: 'long' } },
  {
    name: 'four writers of an outbox that are killed, four minutes',
    folder: 'test/reader/killedWriters.test.ts',
    env: { SKILLFORGE_FAULTS: 'long' },
  },
  { name: 'the fast tests on Node 24', folder: 'test/checks/node24.test.ts', env: { SKILLFORGE_OPERATIONS: 'long' } },
  { name: 'inputs that are nearly right, a minute for each target', folder: 'test/security/fuzz', env: { SKILLFORGE_FUZZ_MS: '60000' } },
  { name: 'Redis that goes back', folder: 'test/integration/cluster/rollback.test.ts', env: { SKILLFORGE_FAULTS: 'long' } },
  {
    name: 'model operations: training with MLflow, batch features again, Spark, drift, gates, a day of Airflow, an evaluation, the demo model anew',
    folder: 'test/scripts',
    env: { SKILLFORGE_OPERATIONS: 'long' },
  },
  { name: 'the commands of replays on servers', folder: 'test/integration/replay/commands.test.ts', env: { SKILLFORGE_OPERATIONS: 'long' } },
  {
    name: 'a reader of what a run on servers has made of a school',
    folder: 'test/integration/cluster/reader.test.ts',
    env: { SKILLFORGE_OPERATIONS: 'long' },
  },
  {
    name: 'a reader under load while each server dies, and all of them',
    folder: 'test/integration/cluster/failover.test.ts',
    env: { SKILLFORGE_OPERATIONS: 'long' },
  },
  {
    name: 'an erasure on servers, looked at after each step',
    folder: 'test/integration/cluster/erasure.test.ts',
    env: { SKILLFORGE_OPERATIONS: 'long' },
  },
  {
    name: 'keys under a real OpenBao: alone, as a cluster that loses its leader, with its agent, over TLS',
    folder: 'test/integration/keys',
    env: { SKILLFORGE_OPERATIONS: 'long' },
  },
  { name: 'a real Prometheus over what runs', folder: 'test/monitoring', env: { SKILLFORGE_OPERATIONS: 'long' } },
  { name: 'the stages of the Dockerfile as plain commands', folder: 'test/deploy/image.test.ts', env: { SKILLFORGE_OPERATIONS: 'long' } },
  {
    name: 'every window over the real files, in other batches, too',
    folder: 'test/topologies/everyWindowRealFiles.test.ts',
    env: { SKILLFORGE_REAL_FILES: 'all' },
  },
  {
    name: 'recommendations on the real files, at four cuts',
    folder: 'test/topologies/recommendationsRealFiles.test.ts',
    env: { SKILLFORGE_CUTS: 'all' },
  },
  {
    name: 'every topology over all presentations of the real files',
    folder: 'test/topologies/everyTopologyRealFiles.test.ts',
    env: { SKILLFORGE_REAL_FILES: 'all' },
  },
];
