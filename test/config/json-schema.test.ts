import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { configJsonSchema, configReference } from '../../src/config/reference.js';
import { configOf, env, mistakesIn, pipeline, seller } from './world.js';

const validate = new Ajv({ strict: false }).compile(configJsonSchema());
const accepts = (text: string): boolean => validate(parse(text) ?? {});

const good: Record<string, string> = {
  'only folders': 'lake: a\nraw: b\nstate: c\nschemas: d\nengine: reference\n',
  'a seller and a pipeline': seller('    marketplaces: [US]\n') + pipeline('    reportTypes: "*"\n'),
  'a list of types': pipeline('    reportTypes: [GET_FBA_*, GET_X]\n'),
  'numbers from variables': pipeline(
    '    limits:\n      maxDocuments: ${N:-5}\n      maxMinutes: "${N:-5}"\n',
  ),
  'names and URLs from variables': `${seller('    marketplaces: ["${M:-US}"]\n', { id: '${I:-A1}', region: '${R:-na}' })}${pipeline('    reportTypes: ["${T:-GET_X}"]\n', { queue: '${Q:-http://localhost/1/q}' })}`,
};

/** Mistakes that both an editor and the program find. */
const bad: Record<string, string> = {
  'an unknown key': 'lakes: x\n',
  'an unknown nested key': pipeline('    limits:\n      concurency: 3\n'),
  'a missing key': 'pipelines:\n  - name: x\n',
  'a wrong kind of value': 'lake: 5\n',
  'a map instead of a list': 'sellers: {}\n',
  'a wrong word': seller('', { region: 'us' }),
  'a number out of range': pipeline('    limits:\n      waitTimeSeconds: 21\n'),
  'a text instead of a number': pipeline('    limits:\n      maxDocuments: many\n'),
  'a queue that is not a URL': pipeline('', { queue: 'reports' }),
  'a type in lower case': pipeline('    reportTypes: [get_x]\n'),
  'no types': pipeline('    reportTypes: []\n'),
  'a secret in the file': seller().replace('${SECRET}', 'hush'),
  'a secret beside a variable': seller().replace('${SECRET}', 'hush${SECRET}'),
  'a seller without credentials': 'sellers:\n  - id: A1\n    region: na\n',
};

describe('the JSON Schema for editors', () => {
  for (const [name, text] of Object.entries(good)) {
    it(`accepts what the program reads: ${name}`, () => {
      configOf(text, { env });
      assert.ok(accepts(text), JSON.stringify(validate.errors));
    });
  }

  for (const [name, text] of Object.entries(bad)) {
    it(`refuses what the program refuses: ${name}`, () => {
      assert.equal(mistakesIn(text).length > 0, true);
      assert.equal(accepts(text), false);
    });
  }

  it('accepts the shipped pipelines.yaml and the example of the reference page', () => {
    const shipped = readFileSync(new URL('../../pipelines.yaml', import.meta.url), 'utf8');
    assert.ok(accepts(shipped), JSON.stringify(validate.errors));
    const example = /```yaml\n([\s\S]*?)```/.exec(configReference())?.[1] ?? '';
    assert.ok(example.length > 0 && accepts(example), JSON.stringify(validate.errors));
  });
});

describe('the reference page of pipelines.yaml', () => {
  it('has each key with its default and description', () => {
    const rows = configReference().split('\n');
    for (const row of [
      '| `lake` | string | `"data/lake"` | Folder of the Parquet files, or a bucket such as `gs://bucket/lake` or `s3://bucket/lake` (docs/lake.md). |',
      '| `region` | `na`, `eu`, `fe` | **required** | Region of the account: North America, Europe, Far East. |',
      '| `maxMinutes` | number 0.01 to 1440 | `50` | Minutes after which a drain or sweep starts no new work. |',
      '| `timezone` | string | `"UTC"` | Time zone of `schedule`, `sweep` and the `cron` of requests. |',
      '## `pipelines[].limits`',
      '## `sellers[].credentials`',
    ]) {
      assert.ok(rows.includes(row), row);
    }
  });

  it('describes every key', () => {
    const empty = configReference()
      .split('\n')
      .filter((row) => /^\| `.*\|\s*\|$/.test(row));
    assert.deepEqual(empty, []);
  });
});
