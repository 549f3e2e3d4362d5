import { pino } from 'pino';
import type { SharedJsonOptions } from '../../src/files/shared-json.js';

/** For files that are not damaged. */
export const silent: SharedJsonOptions = { log: pino({ level: 'silent' }) };

/** Options that record the warnings about damaged files. */
export function recordedWarnings(): SharedJsonOptions & { warnings: string[] } {
  const warnings: string[] = [];
  const line = {
    write: (text: string) => void warnings.push((JSON.parse(text) as { msg: string }).msg),
  };
  return { log: pino({ level: 'warn' }, line), warnings };
}
