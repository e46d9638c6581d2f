/** Finds the tool of Prometheus that checks rules and runs their cases. */
import { findProgram } from '../services/programs.js';

/** Path of `promtool`; `null` where there is none. */
export const findPromtool = (): string | null => findProgram(['promtool']);

/** The Debian package that is missing. It brings the server, too, which is not started. */
export const missingPromtool = (): readonly string[] => (findPromtool() === null ? ['prometheus'] : []);

/** Always 0: a tool that cannot be had is no failure, its tests are skipped and say so. */
export function setUpPromtool(report: (line: string) => void): 0 {
  const path = findPromtool();
  report(
    path ??
      'it is missing, and cannot be installed here. On Debian or Ubuntu: sudo apt-get install -y prometheus; elsewhere see prometheus.io. Its tests are skipped.',
  );
  return 0;
}
