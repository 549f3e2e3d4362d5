import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { configOf, seller } from '../config/world.js';

const page = readFileSync(new URL('../../docs/requests.md', import.meta.url), 'utf8');

describe('the page about requests', () => {
  it('shows settings that are right', () => {
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    const text = `${seller('    marketplaces: [DE, FR]\n', { region: 'eu' })}${yaml}`;
    const env = {
      ID: 'i',
      SECRET: 's',
      TOKEN: 't',
      SP_REPORTS_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/1/q',
    };
    assert.equal(configOf(text, { env }).pipelines[0]?.request.length, 5);
  });
});
