/** Ways to get the protocol wrong; each leaves one thing out or does it at the wrong time. */
export const BUGS = {
  stageIgnoresToken: 'staging does not check the token of the claim',
  recoverIgnoresToken: 'recovery does not check the token of the claim',
  applyIgnoresToken: 'applying does not check the token of the claim',
  scriptsIgnoreApplied: 'scripts do not check the applied batch that the claim last saw',
  laterChunkAlone: 'a later chunk is staged although the first one is missing',
  stageStartsAnew: 'a first chunk that comes again makes a staged batch incomplete',
  countedIds: 'batches are counted instead of having random ids',
  offsetsBeforeToken: 'committed offsets are read before the token of the claim is set',
  offsetsReadOnce: 'committed offsets are read when the task is assigned, and not again for each claim',
  unstableOffsets: 'committed offsets are read although a transaction with offsets is pending',
  claimUnverified: 'a claim does not make sure that its worker is still a member of the group',
  verifiedBeforeToken: 'membership is made sure of before the token of the claim is set',
  noGenerationFence: 'the group takes offsets of an old generation into a transaction',
  appliesBeforeCommit: 'a batch is applied before its transaction is committed',
  noStaging: 'state is written after the commit, without being staged before',
  discardsCovered: 'recovery discards a staged batch that the offsets cover',
  discardsHalfApplied: 'recovery discards a batch that is half applied and that the offsets do not name',
  applyNotResumed: 'recovery takes a half applied batch for an applied one',
  rowsBeforeApply: 'rows are read before the last batch is applied, and the batch in hand is not laid over them',
  resumesAtBrokerOffset: 'where Redis is behind, work goes on from the offset of Kafka',
  neverLooksWhenIdle: 'a worker without input does not look whether Redis is where it left it',
  resendsClaim: 'a claim whose answer is lost is sent again with its token',
  resendsRecover: 'a recovery whose answer is lost is sent again',
  marksTakeNumbers: 'marks that depend on the cut of batches take output numbers',
} as const;

export type Bug = keyof typeof BUGS;

/** What is explored. */
export interface Setting {
  readonly mode: 'transaction' | 'idempotent';
  readonly workers: number;
  readonly records: number;
  /** Records of a batch, at most: every cut up to it is tried. */
  readonly mostInBatch: number;
  /** How often Redis may lose what it acknowledged. */
  readonly failovers: number;
  /** A call to Redis may be carried out any time after its caller has stopped waiting; one at a time. */
  readonly lateCalls: boolean;
  /** What staging does where another batch is staged: nothing but a recovery removes that one, or the new one takes its place. */
  readonly overStaged: 'refuses' | 'replaces';
  /** Whose outputs may come again. `idempotent` repeats always; else only a rollback of Redis may cause it. */
  readonly repeats: 'always' | 'notOfFormerOwners' | 'afterRollback';
  readonly bugs: ReadonlySet<Bug>;
}
