/** Opens folders as a user without rights, and prints `<code> <message>` for each; a name that ends in `?` is opened for reading. */
import { SkillForgeError } from '../../../../schemas/errors.js';
import { openEmbedded } from '../../../../runtime/embedded/index.js';

const NOBODY = 65_534;
if (process.getuid?.() === 0) process.setuid?.(NOBODY);
for (const name of process.argv.slice(2)) {
  const readOnly = name.endsWith('?');
  try {
    await (await openEmbedded(readOnly ? name.slice(0, -1) : name, { readOnly })).close();
    console.log('opened');
  } catch (error) {
    console.log(error instanceof SkillForgeError ? `${error.code} ${error.message}` : `no code: ${String(error)}`);
  }
}
