import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { configOf, seller } from '../config/world.js';

/** The first YAML of a page. */
function yamlOf(page: string): string {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  return /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
}

const env = {
  ID: 'i',
  SECRET: 's',
  TOKEN: 't',
  SP_REPORTS_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/1/q',
  SP_REPORTS_ALARM_WEBHOOK: 'https://hooks.example.com/services/T0',
};

describe('the settings that pages show', () => {
  it('are right: requests', () => {
    const text = `${seller('    marketplaces: [DE, FR]\n', { region: 'eu' })}${yamlOf('requests.md')}`;
    assert.equal(configOf(text, { env }).pipelines[0]?.request.length, 5);
  });

  it('are right: alarms', () => {
    const { alarms } = configOf(yamlOf('alarms.md'), { env });
    assert.deepEqual(alarms?.repeatAfter, { count: 3, unit: 'day' });
  });
});
