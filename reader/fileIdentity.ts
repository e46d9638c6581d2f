import { statSync } from 'node:fs';

/** Number and time of birth of a file: a number alone may be given again, and a copy has neither. @throws where there is none */
export function fileIdentity(path: string): string {
  const { ino, birthtimeMs } = statSync(path);
  return `${ino}-${Math.round(birthtimeMs)}`;
}
