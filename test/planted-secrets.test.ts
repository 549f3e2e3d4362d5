import assert from 'node:assert/strict';
import { assertNoSecrets } from './planted-secrets.js';

// The root hook belongs to the whole suite: everything that any of its tests prints passes here.
// `world.ts` checks what the program prints to streams of a test, and what it writes to a folder of
// one.
const found: unknown[] = [];
const restore = [process.stdout, process.stderr].map((stream) => {
  const { write } = stream;
  stream.write = function watched(...args: unknown[]): boolean {
    try {
      assertNoSecrets(String(args[0]), process.env, 'the output of the suite');
    } catch (error) {
      found.push(error);
    }
    return (write as (...args: unknown[]) => boolean).apply(stream, args);
  } as typeof write;
  return () => {
    stream.write = write;
  };
});

after(() => {
  for (const each of restore) each();
  assert.deepEqual(found, []);
});

describe('planted secrets', () => {
  it('are found in a text, whatever surrounds them', () => {
    const env = { LWA_CLIENT_SECRET: 'hush-hush-hush', HOME: '/home/somebody' };
    for (const text of [
      'a hush-hush-hush b',
      '{"token":"Atza|IwEB"}',
      'Atz.sprdt|x',
      'GET https://example.com/x?X-Amz-Expires=300&X-Amz-Signature=0a',
    ]) {
      assert.throws(() => assertNoSecrets(text, env, 'it'), text);
    }
    assertNoSecrets('hush, /home/somebody, X-Amz-Expires', env, 'it');
  });
});
