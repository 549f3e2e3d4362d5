import assert from 'node:assert/strict';
import fc from 'fast-check';
import { redact } from '../../src/errors/secrets.js';
import { secretsIn } from '../../src/source/notification-secrets.js';
import { runs } from '../property-runs.js';

/** Long enough to be one, and found in no other test. */
const secret = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019.-_|/+="\\é'), minLength: 12, maxLength: 40 })
  .map((text) => `s${text}e`);
const keys = ['newClientSecret', 'NewClientSecret', 'client_secret', 'secretAccessKey', 'password'];
const wrappers: ((inner: object) => object)[] = [
  (inner) => inner,
  (inner) => ({ detail: inner }),
  (inner) => ({ Type: 'Notification', Message: JSON.stringify(inner) }),
  (inner) => ({ list: [1, { deeper: inner }] }),
];

describe('the secrets in a notification', () => {
  it('are found under any key that names one, however it is wrapped, and redacted from then on', () => {
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom(...keys),
        fc.constantFrom(...wrappers),
        fc.constantFrom(...wrappers),
        (text, key, outer, inner) => {
          const body = JSON.stringify(outer(inner({ payload: { clientId: 'app', [key]: text } })));
          assert.deepEqual(secretsIn(body), [text]);
          assert.ok(!redact(body).includes(text));
          assert.ok(!redact(`new: ${text}.`).includes(text));
        },
      ),
      { numRuns: runs(60) },
    );
  });

  it('are found by their form, whatever their key', () => {
    const found = secretsIn('{"a":["amzn1.oa2-cs.v1.0123456789abcdef"],"b":"Atzr|IwEBIJedGXjDqsU"}');
    assert.deepEqual(found, ['amzn1.oa2-cs.v1.0123456789abcdef', 'Atzr|IwEBIJedGXjDqsU']);
  });

  it('are found in a body that was cut off', () => {
    const body = '{"payload":{"newClientSecret":"cut-off-0123456789","newClientSecretExp';
    assert.deepEqual(secretsIn(body), ['cut-off-0123456789']);
    const inner = `{"Message":${JSON.stringify('{"newClientSecret":"cut-off-9876543210"}').slice(0, -2)}`;
    assert.deepEqual(secretsIn(inner), ['cut-off-9876543210']);
  });

  it('are neither times of expiry, nor tokens of a page, nor ids, nor words', () => {
    const body = {
      payload: {
        clientId: 'amzn1.application-oa2-client.1',
        clientSecretExpiryTime: '2027-01-30T22:06:39.224Z',
        clientSecretExpiryReason: 'PERIODIC_ROTATION',
        nextToken: 'page-2',
        newClientSecret: '',
        password: 'loaded',
      },
      notificationMetadata: { notificationId: 'n-1' },
    };
    assert.deepEqual(secretsIn(JSON.stringify(body)), []);
    assert.deepEqual(secretsIn(''), []);
  });

  it('do not overflow the stack, however deep a body is nested', () => {
    const deep = `${'['.repeat(5000)}1${']'.repeat(5000)}`;
    assert.deepEqual(secretsIn(deep), []);
  });
});
