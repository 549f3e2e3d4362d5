import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Patterns of Amazon's tokens and presigned URLs, including those of the sandbox. */
const shapes = /Atza\||Atzr\||Atc\||Atz\.sprdt\||X-Amz-(?:Signature|Credential|Security-Token)=/;

/** Names of variables whose values are secrets. */
const secretName = /^(SECRET|TOKEN)_\d+$|SECRET|REFRESH_TOKEN|HASH_KEY|STATUS_TOKEN|^KEY$/;

/** Fails if a text has a secret of this environment, a token or a presigned URL. */
export function assertNoSecrets(text: string, env: NodeJS.ProcessEnv, where: string): void {
  const shape = shapes.exec(text);
  assert.ok(
    !shape,
    `${where} has what looks like a secret: ${text.slice(shape?.index, (shape?.index ?? 0) + 40)}`,
  );
  for (const secret of secretsOf(env)) assert.ok(!text.includes(secret), `${where} has a secret`);
}

/**
 * The same for every file in a folder that the program wrote, except documents, which are as Amazon
 * sent them.
 */
export function assertNoSecretsIn(folder: string, env: NodeJS.ProcessEnv): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) {
      assertNoSecrets(readFileSync(path, 'latin1'), env, name);
    }
  }
}

function secretsOf(env: NodeJS.ProcessEnv): string[] {
  const shortest = 8;
  return Object.entries(env).flatMap(([name, value]) =>
    secretName.test(name) && value && value.length >= shortest ? value : [],
  );
}
