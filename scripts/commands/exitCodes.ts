/** What the exit code of every command means; `docs/reference/cli.md` lists it. */
export const EXIT = { ok: 0, failed: 1, usage: 2, refused: 3, unexpected: 4, aborted: 130 } as const;

/** The exit codes in words, in order. */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'Done; also after the first Ctrl+C of a command that runs until it is stopped.'],
  [
    EXIT.failed,
    'A check or a comparison failed: findings in a topology, a refused plan, counts that do not reconcile, a damaged folder, a model that failed a gate, lines that `topics write` sent to the dead letters, more waiting than `lag --max-lag` allows, drift that `drift report --fail-on-drift` found, something that is not in the record of processing, decisions that are not as they were sealed or made, something that `privacy erase --verify` found of a learner or a store that it did not look into, a payload in which `experiment validate` found something.',
  ],
  [EXIT.usage, 'The command line is wrong: an unknown command or option, a missing argument, a value that is not allowed.'],
  [EXIT.refused, 'Refused, or failed for a known reason: the message starts with its code, which [errors.md](errors.md) explains.'],
  [EXIT.unexpected, 'An error without a code: a bug, or a machine in trouble. `--verbose` shows the stack.'],
  [EXIT.aborted, 'Aborted by a second Ctrl+C (or SIGTERM): what was not committed is done again next time.'],
];
