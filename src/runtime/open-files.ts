import { readFileSync } from 'node:fs';
import { machineErrors } from '../errors/machine.js';

/** The modules alone are hundreds of files, of which Node opens many at once. */
const minOpenFiles = 256;

/**
 * The error, as it is printed, if this process may open too few files for the program to start. It
 * is needed before all other modules are loaded, so that this one imports hardly anything.
 */
export function openFilesProblem(): string | undefined {
  const max = maxOpenFiles();
  if (max === undefined || max >= minOpenFiles) return undefined;
  const { message, remedy } = machineErrors.OPEN_FILES_LIMIT;
  const filled = message.replace('{found}', String(max)).replace('{limit}', String(minOpenFiles));
  return `error OPEN_FILES_LIMIT: ${filled}\n${remedy}\n`;
}

/**
 * How many files and connections this process may have open at once; undefined if the system does
 * not say. Node has raised the limit as far as the system allows.
 */
function maxOpenFiles(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    // Only Linux has this file.
    return undefined;
  }
}
