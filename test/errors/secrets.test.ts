import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { keepPassingSecret, keepPresignedUrl, keepSecret, quote, redact } from '../../src/errors/secrets.js';
import { encodings } from '../planted-secrets.js';
import { runs } from '../property-runs.js';

const awkward = 'p|l+a n/"t\\e&d=<s>é%41c_r-e\'t';

describe('redacting', () => {
  before(() => {
    keepSecret(awkward);
  });

  for (const [name, encode] of Object.entries(encodings)) {
    it(`finds a secret in ${name}, and leaves what is around it`, () => {
      const encoded = encode(awkward);
      assert.equal(redact(`invalid: ${encoded}. Try again`), 'invalid: <redacted>. Try again');
      assert.equal(redact(`${encoded} ${encoded}`), '<redacted> <redacted>');
    });
  }

  it('finds any secret under any two encodings', () => {
    const [all, secret] = [Object.values(encodings), fc.string({ unit: 'grapheme-ascii', minLength: 6 })];
    fc.assert(
      fc.property(secret, fc.constantFrom(...all), fc.constantFrom(...all), (text, inner, outer) => {
        // Secrets of earlier cases stay known; none of them has the marks around this one.
        keepPassingSecret(text);
        // Base64 of something escaped is no longer found by what is inside of it.
        const isHidden = /base64/.test(outer.name) && inner(text) !== text;
        const echoed = redact(`echo «${outer(inner(text))}» end`);
        if (isHidden) return;
        if (/base64/.test(inner.name + outer.name)) assert.match(echoed, /<redacted>/);
        else assert.equal(echoed, 'echo «<redacted>» end');
      }),
      { numRuns: runs(500) },
    );
  });

  it('finds a secret inside of credentials in base64, wherever it begins', () => {
    for (const user of ['', 'a', 'ab', 'abc']) {
      const basic = Buffer.from(`${user}:${awkward}:x`).toString('base64');
      const left = redact(basic);
      assert.match(left, /<redacted>/);
      assert.ok(left.length < '<redacted>'.length + 14, left);
    }
  });

  it('leaves texts without secrets, and secrets too short to tell from words, as they are', () => {
    keepSecret('short');
    for (const text of [
      'a short text',
      '',
      '100 % é \\u0041 &amp; %7C',
      'Atza is no token',
      awkward.slice(0, 12),
    ])
      assert.equal(redact(text), text);
  });

  it('finds tokens and signatures that nobody registered', () => {
    for (const text of [
      'Atza|IwEBIA-x',
      'Atzr%7CIwEBIA',
      '{\\"t\\":\\"Atz.sprdt|a/b\\"}',
      'https://example.com/x?X-Amz-Expires=300&X-Amz-Signature=0a&amp;b=1',
      'AWS4-HMAC-SHA256 Signature=0123456789abcdef0123',
      'Bearer ya29.a0AfH6SM',
    ]) {
      assert.match(redact(text), /<redacted>/, text);
      assert.doesNotMatch(redact(text), /IwEB|a\/b|=0|a0AfH/, text);
    }
  });

  it('finds the signature of a presigned URL without the URL', () => {
    keepPresignedUrl(
      'https://host/doc?AWSAccessKeyId=AKIA123456&Expires=17&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D',
    );
    assert.equal(redact('expected vjbyPxybdZaNmGa+yT272YEAiv4= at 17'), 'expected <redacted> at 17');
  });

  it('forgets the oldest of a thousand tokens that came after each other', () => {
    const tokens = Array.from({ length: 1001 }, (_, index) => `token-number-${index}-of-many`);
    for (const each of tokens) keepPassingSecret(each);
    assert.equal(redact(`${tokens[0]} ${tokens[1]}`), `${tokens[0]} <redacted>`);
    assert.equal(redact(awkward), '<redacted>');
  });

  it('quotes a text that is far too long in part, without half a secret at its end', () => {
    const quoted = quote(`${'x'.repeat(99_990)}${awkward}`);
    assert.match(quoted, /^x{50000}…$/);
    assert.equal(redact(`${'x'.repeat(200_000)}${awkward}\n`), `${'x'.repeat(200_000)}<redacted>\n`);
  });

  it('keeps a token that turns out to be a secret of the settings', () => {
    keepPassingSecret('first-a-token');
    keepSecret('first-a-token');
    for (let index = 0; index < 1001; index += 1) keepPassingSecret(`another-token-${index}`);
    assert.equal(redact('first-a-token'), '<redacted>');
  });

  it('takes milliseconds for a long text full of escapes', () => {
    const before = process.cpuUsage();
    redact('%25&amp;\\u0041'.repeat(8000));
    assert.ok(process.cpuUsage(before).user < 5_000_000);
  });
});
