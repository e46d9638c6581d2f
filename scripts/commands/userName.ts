import { userInfo } from 'node:os';

/** Who runs this process: the name that the system has for the user, else the number. In a container a user may have no name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
