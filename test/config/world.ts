import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ReadConfigOptions, readConfig } from '../../src/config/read.js';
import type { Config } from '../../src/config/spec.js';
import { ReportsError } from '../../src/errors/reports-error.js';

/** The variables that the texts below name. */
export const env = { ID: 'client-id', SECRET: 'client-secret', TOKEN: 'refresh-token' };

export type Options = Partial<Omit<ReadConfigOptions, 'cwd'>>;

const root = mkdtempSync(join(tmpdir(), 'sp-reports-config-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));

/** Makes a new folder, which is removed when the tests end. */
export function emptyFolder(): string {
  return mkdtempSync(join(root, 'a-'));
}

/** Makes a new folder with this pipelines.yaml. */
export function folderWith(text: string): string {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'pipelines.yaml'), text);
  return folder;
}

/** Returns the settings of a pipelines.yaml with this text. */
export function configOf(text: string, options: Options = {}): Config {
  return readConfig({ cwd: folderWith(text), env, ...options });
}

/** Returns the error of reading it. */
export function errorOf(read: () => unknown): ReportsError {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ReportsError, String(error));
    return error;
  }
  assert.fail('it was read');
}

/** Returns the lines about its mistakes. */
export function mistakesIn(text: string, options: Options = {}): string[] {
  const error = errorOf(() => configOf(text, options));
  assert.equal(error.code, 'CONFIG_INVALID');
  return String(error.details.problems).split('\n');
}

/**
 * Lines of a seller, with the id on line 2 and the credentials on lines 4 to 7; further keys
 * continue on line 8.
 */
export function seller(more = '', { id = 'A1SELLER', region = 'na' } = {}): string {
  return `sellers:
  - id: ${id}
    region: ${region}
    credentials:
      clientId: \${ID}
      clientSecret: \${SECRET}
      refreshToken: \${TOKEN}
${more}`;
}

/** Lines of a pipeline; further keys continue on line 5. */
export function pipeline(
  more = '',
  { queue = 'https://sqs.us-east-1.amazonaws.com/123456789012/reports', schedule = "'0 * * * *'" } = {},
): string {
  return `pipelines:
  - name: all
    schedule: ${schedule}
    queue: ${queue}
${more}`;
}
