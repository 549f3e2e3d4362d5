import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Patterns of Amazon's tokens and presigned URLs, including those of the sandbox. */
const shapes = /Atza\||Atzr\||Atc\||Atz\.sprdt\||X-Amz-(?:Signature|Credential|Security-Token)=/;

/** Names of variables whose values are secrets. */
const secretName = /^(SECRET|TOKEN)_\d+$|SECRET|REFRESH_TOKEN|HASH_KEY|STATUS_TOKEN|^KEY$/;

/** The ways in which a server may echo what it received, by name. */
export const encodings: Record<string, (text: string) => string> = {
  'plain text': (text) => text,
  'a URL': (text) => encodeURIComponent(text),
  'a URL, in lower case': (text) => encodeURIComponent(text).replace(/%../g, (hex) => hex.toLowerCase()),
  'a form': (text) => new URLSearchParams({ a: text }).toString().slice(2),
  JSON: (text) => JSON.stringify(text).slice(1, -1),
  'JSON without ASCII marks': (text) =>
    text.replace(/[^\w ]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`),
  HTML: (text) =>
    text.replace(
      /[&<>"']/g,
      (mark) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[mark] ?? '&#39;',
    ),
  'HTML by number': (text) => text.replace(/[^\w ]/g, (mark) => `&#x${mark.charCodeAt(0).toString(16)};`),
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
};

/** Fails if a text has a secret of this environment, a token or a presigned URL. */
export function assertNoSecrets(text: string, env: NodeJS.ProcessEnv, where: string): void {
  const shape = shapes.exec(text);
  assert.ok(
    !shape,
    `${where} has what looks like a secret: ${text.slice(shape?.index, (shape?.index ?? 0) + 40)}`,
  );
  for (const secret of secretsOf(env)) {
    for (const [encoding, encode] of Object.entries(encodings))
      assert.ok(!text.includes(encode(secret)), `${where} has a secret, in ${encoding}`);
  }
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
