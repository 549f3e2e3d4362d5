import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ReportSchema } from './types.js';

/**
 * Report schemas by the hash of their YAML text: those that the build found right, and those read since. To read and check 150 files takes the
 * better part of a second of a program that may run for two.
 */
let byHash: Map<string, ReportSchema> | undefined;

/** The schema that a YAML text is known to say; its `file` is of no meaning. */
export function compiledSchema(text: string): ReportSchema | undefined {
  return known().get(hashOf(text));
}

export function rememberSchema(text: string, schema: ReportSchema): void {
  known().set(hashOf(text), schema);
}

/** All that is known, for the build to keep in `compiled.json`. */
export function compiledJson(): string {
  return JSON.stringify(Object.fromEntries(known()));
}

function known(): Map<string, ReportSchema> {
  byHash ??= new Map(Object.entries(readCompiled()));
  return byHash;
}

function readCompiled(): Record<string, ReportSchema> {
  try {
    return JSON.parse(readFileSync(new URL('compiled.json', import.meta.url), 'utf8'));
  } catch (error) {
    // Only the built program has it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
