import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ReportSchema } from './types.js';

/**
 * Report schemas by the hash of their YAML text: those that the build found valid, and those read
 * since. Reading and checking 150 files takes most of a second, and the program may only run for
 * two.
 */
let byHash: Map<string, ReportSchema> | undefined;

/** Returns the schema of a known YAML text; its `file` is meaningless. */
export function compiledSchema(text: string): ReportSchema | undefined {
  return known().get(hashOf(text));
}

export function rememberSchema(text: string, schema: ReportSchema): void {
  known().set(hashOf(text), schema);
}

/** Returns all known schemas, which the build stores in `compiled.json`. */
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
    // Only the built program has this file.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
