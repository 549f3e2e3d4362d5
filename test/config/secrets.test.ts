import assert from 'node:assert/strict';
import { keepSecretsIn } from '../../src/config/secrets.js';
import { redact } from '../../src/errors/secrets.js';

describe('the secrets of the settings', () => {
  it('are redacted from then on, each of them, and nothing else is', () => {
    const secrets = {
      clientSecret: 'the-client-secret-1',
      refreshToken: 'the-refresh-token-1',
      secretAccessKey: 'the-secret-access-key-1',
      piiHashKey: 'the-hash-key-of-names-1',
      token: 'the-status-token-1',
      webhook: 'https://alarms.example.com/hooks/T01/B02/xyz',
      webhookPath: '/hooks/T01/B02/xyz',
    };
    const { clientSecret, refreshToken, secretAccessKey, piiHashKey, token, webhook } = secrets;
    keepSecretsIn({
      piiHashKey,
      status: { host: 'status.example.com', token },
      alarms: { webhook, format: 'slack-format' },
      aws: { region: 'eu-central-1', credentials: { accessKeyId: 'AKIA-ACCESS-1', secretAccessKey } },
      sellers: [{ id: 'A1SELLER1', credentials: { clientId: 'client-id-1', clientSecret, refreshToken } }],
    });
    for (const [name, secret] of Object.entries(secrets))
      assert.equal(redact(`it was ${secret}!`), 'it was <redacted>!', name);
    for (const known of ['client-id-1', 'AKIA-ACCESS-1', 'A1SELLER1', 'status.example.com', 'eu-central-1'])
      assert.equal(redact(`it was ${known}!`), `it was ${known}!`);
  });
});
