import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defaultDocumentLimits } from '../../src/config/documents-spec.js';
import { readConfig } from '../../src/config/read.js';
import { configReference } from '../../src/config/reference.js';
import { configOf, emptyFolder, env, errorOf, folderWith, mistakesIn, pipeline, seller } from './world.js';

const shipped = new URL('../../pipelines.yaml', import.meta.url);
const shippedEnv = {
  SELLER_ID: 'A1SELLER',
  LWA_CLIENT_ID: 'client-id',
  LWA_CLIENT_SECRET: 'client-secret',
  LWA_REFRESH_TOKEN: 'refresh-token',
  SP_REPORTS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/reports',
};

describe('reading pipelines.yaml', () => {
  it('reads a share of the quota as a fraction or a number', () => {
    const shareOf = (text: string) => {
      const path = join(folderWith(`quotaShare: ${text}\n${seller()}${pipeline()}`), 'pipelines.yaml');
      return readConfig({ cwd: '/', path, env }).quotaShare;
    };
    assert.deepEqual(['1/3', '0.25', '1'].map(shareOf), [1 / 3, 0.25, 1]);
    for (const text of ['2/3', '1/11', '0', '1.5', 'half'])
      assert.throws(() => shareOf(text), /quotaShare/, text);
  });

  it('fills in every default, with paths from the folder of the file', () => {
    const folder = folderWith(seller() + pipeline());
    assert.deepEqual(readConfig({ cwd: '/', path: join(folder, 'pipelines.yaml'), env }), {
      file: join(folder, 'pipelines.yaml'),
      folder,
      warehouse: {
        type: 'duckdb',
        path: join(folder, 'data/warehouse.duckdb'),
        memoryLimitMegabytes: 1024,
      },
      lake: join(folder, 'data/lake'),
      quotaShare: 1,
      raw: join(folder, 'data/raw'),
      state: join(folder, 'data/state'),
      schemas: join(folder, 'schemas'),
      engine: 'columnar',
      status: { host: '127.0.0.1', port: 8420 },
      download: { minBytesPerMinute: 100_000 },
      bucket: {},
      aws: {},
      api: {},
      costs: undefined,
      rates: undefined,
      history: { tables: [] },
      mcp: { showPersonalData: false },
      sellers: [
        {
          id: 'A1SELLER',
          region: 'na',
          marketplaces: [],
          accountIds: [],
          credentials: {
            clientId: 'client-id',
            clientSecret: 'client-secret',
            refreshToken: 'refresh-token',
          },
        },
      ],
      documents: defaultDocumentLimits,
      pipelines: [
        {
          name: 'all',
          schedule: '0 * * * *',
          timezone: 'UTC',
          queue: 'https://sqs.us-east-1.amazonaws.com/123456789012/reports',
          reportTypes: ['*'],
          request: [],
          pii: 'keep',
          schemaContract: { columns: 'evolve', dataType: 'evolve', tables: [] },
          snapshotLoss: 'warn',
          limits: {
            maxDocuments: 1000,
            maxMinutes: 50,
            maxDocumentBytes: 64 * 1024 ** 3,
            concurrency: 2,
            visibilityTimeoutSeconds: 300,
            waitTimeSeconds: 10,
            maxReceives: 3,
          },
        },
      ],
      unsetPipelines: [],
      unsetSellers: [],
    });
  });

  it('keeps absolute paths, and takes a single report type as a list of one', () => {
    const config = configOf(`lake: /srv/lake\n${pipeline('    reportTypes: GET_FBA_*\n')}`);
    assert.equal(config.lake, '/srv/lake');
    const inBuckets = configOf(
      'lake: gs://bucket/x/lake/\nraw: s3://bucket\nbucket: { keyFile: key.json }\n',
    );
    assert.deepEqual([inBuckets.lake, inBuckets.raw], ['gs://bucket/x/lake', 's3://bucket']);
    assert.equal(inBuckets.bucket.keyFile, join(inBuckets.folder, 'key.json'));
    assert.deepEqual(config.pipelines[0]?.reportTypes, ['GET_FBA_*']);
  });

  it('accepts country codes in any case as marketplace ids', () => {
    const config = configOf(seller('    marketplaces: [gb, DE, A13V1IB3VIYZZH]\n', { region: 'eu' }));
    assert.deepEqual(config.sellers[0]?.marketplaces, ['A1F83G8C2ARO7P', 'A1PA6795UKMFR9', 'A13V1IB3VIYZZH']);
  });

  it('accepts queue URLs of other SQS implementations', () => {
    for (const queue of [
      'http://localhost:9324/queue/reports',
      'http://127.0.0.1:4566/queue/us-east-1/000000000000/r',
    ]) {
      assert.equal(configOf(pipeline('', { queue })).pipelines[0]?.queue, queue);
    }
  });

  it('accepts folders side by side, in one parent folder or with similar names', () => {
    const text =
      'warehouse: { path: d/raw.duckdb }\nlake: d/lake\nraw: d/lake-raw\nstate: d\nschemas: ..lake\n';
    assert.ok(configOf(text).lake.endsWith('/d/lake'));
  });

  it('treats an empty variable of an optional key as an absent key', () => {
    const text = `aws: { endpoint: "\${NONE:-}" }\napi:\n  loginUrl: \${NONE:-}\n${pipeline('    sweep: ${NONE:-}\n')}`;
    const config = configOf(text, { env: { ...env, NONE: '' } });
    assert.deepEqual([config.aws, config.api, config.pipelines[0]?.sweep], [{}, {}, undefined]);
  });

  it('returns settings that cannot be changed, at any depth', () => {
    const config = configOf(seller() + pipeline());
    assert.throws(() => Object.assign(config, { lake: '' }), TypeError);
    assert.throws(() => config.pipelines[0]?.reportTypes.push('GET_X'), TypeError);
    assert.throws(() => Object.assign(config.sellers[0]?.credentials ?? {}, { clientId: '' }), TypeError);
  });

  it('returns the defaults for a file with only comments', () => {
    for (const text of ['', '\uFEFF', '\n# nothing yet\r\n  # lake: x\n']) {
      assert.equal(configOf(text).lake.endsWith('data/lake'), true, JSON.stringify(text));
    }
  });

  it('reports a missing file, or returns the defaults if the caller wants them', () => {
    const cwd = emptyFolder();
    const error = errorOf(() => readConfig({ cwd, env }));
    assert.equal(error.message, 'reading the settings: no file pipelines.yaml');
    const config = readConfig({ cwd, env, missing: 'defaults' });
    assert.deepEqual([config.file, config.folder, config.lake], [null, cwd, join(cwd, 'data/lake')]);
    assert.deepEqual([config.sellers, config.pipelines], [[], []]);
    const named = errorOf(() => readConfig({ cwd, env, path: 'my.yaml', missing: 'defaults' }));
    assert.equal(named.message, 'reading the settings: no file my.yaml');
  });

  it('reports a folder instead of a file', () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'pipelines.yaml'));
    const error = errorOf(() => readConfig({ cwd, env }));
    assert.deepEqual([error.code, error.message], ['FILE_UNREADABLE', 'opening pipelines.yaml: EISDIR']);
  });
});

describe('commands that use only the warehouse', () => {
  const two = `${seller('', { id: '${UNSET}' })}  - id: A2SELLER
    region: eu
    credentials:
      clientId: \${ID}
      clientSecret: \${SECRET}
      refreshToken: \${TOKEN}
${pipeline('    limits:\n      maxDocuments: ${MAX:-7}\n', { queue: '${UNSET}' })}  - name: second
    schedule: '0 * * * *'
    queue: https://sqs.us-east-1.amazonaws.com/123456789012/reports
    limits:
      maxDocuments: \${MAX:-8}
`;

  it('ignore the sellers and pipelines whose variables are unset, and keep the others', () => {
    const config = configOf(two, { tolerateUnset: true });
    assert.deepEqual(
      config.sellers.map(({ id }) => id),
      ['A2SELLER'],
    );
    assert.deepEqual(
      config.pipelines.map(({ name, limits }) => [name, limits.maxDocuments]),
      [['second', 8]],
    );
    assert.equal(config.lake, join(config.folder, 'data/lake'));
  });

  it('keep the personal data policy of ignored pipelines, and work without the hash key', () => {
    const text = `piiHashKey: \${UNSET}\n${pipeline('    pii: hash\n', { queue: '${UNSET}' })}`;
    const config = configOf(text, { tolerateUnset: true });
    assert.deepEqual(config.pipelines, []);
    assert.deepEqual(config.unsetPipelines, [
      {
        name: 'all',
        queue: '${UNSET}',
        reportTypes: ['*'],
        pii: 'hash',
        snapshotLoss: 'warn',
        schemaContract: { columns: 'evolve', dataType: 'evolve', tables: [] },
      },
    ]);
    assert.equal(config.piiHashKey, undefined);
  });

  it('work without the token of a status page that they do not serve', () => {
    const text = 'status: { host: 0.0.0.0, token: "${UNSET}" }\nlake: l\n';
    const config = configOf(text, { tolerateUnset: true });
    assert.equal(config.lake, join(config.folder, 'l'));
  });

  it('work without the credentials of a queue that they do not use', () => {
    const text = `aws: { region: eu-west-1, endpoint: 'http://localhost:1', credentials: { accessKeyId: "\${UNSET}", secretAccessKey: x } }\n`;
    const { aws } = configOf(text, { tolerateUnset: true });
    assert.deepEqual(aws, { region: 'eu-west-1', endpoint: 'http://localhost:1' });
  });

  it('still report every other mistake', () => {
    assert.deepEqual(mistakesIn(`lakes: x\n${seller('', { id: '${UNSET}' })}`, { tolerateUnset: true }), [
      'pipelines.yaml:1:1 lakes: unknown key; did you mean "lake"?',
      'pipelines.yaml:3:9 sellers[0].id: $UNSET is not set; set it, or write ${UNSET:-default}',
    ]);
  });

  it('still need the variables of the warehouse', () => {
    assert.deepEqual(mistakesIn('warehouse:\n  path: ${UNSET}/w.duckdb\n', { tolerateUnset: true }), [
      'pipelines.yaml:2:9 warehouse.path: $UNSET is not set; set it, or write ${UNSET:-default}',
    ]);
  });
});

describe('credentials in pipelines.yaml', () => {
  it('are accepted if every service that they are for is on this machine, such as a sandbox', () => {
    const text = `aws: { endpoint: 'http://127.0.0.1:1', credentials: { accessKeyId: a, secretAccessKey: b } }
api: { endpoint: 'http://localhost:2', loginUrl: 'http://[::1]:2/auth/o2/token' }
${seller().replace('${ID}', 'invented')}`;
    const { aws, sellers } = configOf(text);
    assert.deepEqual(aws.credentials, { accessKeyId: 'a', secretAccessKey: 'b' });
    assert.equal(sellers[0]?.credentials.clientId, 'invented');
  });
});

describe('the shipped pipelines.yaml', () => {
  const text = readFileSync(shipped, 'utf8');

  it('is valid with the variables set that it names', () => {
    const config = configOf(text, { env: shippedEnv });
    assert.deepEqual(
      config.sellers.map(({ id, region }) => [id, region]),
      [['A1SELLER', 'na']],
    );
    assert.deepEqual(config.pipelines[0]?.reportTypes, ['*']);
    assert.deepEqual([config.aws, config.api], [{}, {}]);
  });

  it('is valid with the sellers of all regions uncommented', () => {
    const all = configOf(text.replace(/^# (- id: \$\{SELLER_ID_| {2}(?:[a-z]| {2}[a-z]))/gm, '  $1'), {
      env: {
        ...shippedEnv,
        SELLER_ID_EU: 'A2',
        LWA_REFRESH_TOKEN_EU: 't',
        SELLER_ID_FE: 'A3',
        LWA_REFRESH_TOKEN_FE: 't',
      },
    });
    assert.deepEqual(
      all.sellers.map(({ region }) => region),
      ['na', 'eu', 'fe'],
    );
  });

  it('reports all the variables to set, at once', () => {
    const unset = mistakesIn(text, { env: {} }).map((line) => /\$(\w+) is not set/.exec(line)?.[1]);
    assert.deepEqual(unset, Object.keys(shippedEnv));
  });

  it('names the editor schema in its first line', () => {
    assert.equal(text.split('\n')[0], '# yaml-language-server: $schema=./docs/pipelines.schema.json');
  });
});

describe('the example of the reference page of pipelines.yaml', () => {
  it('is valid', () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(configReference())?.[1] ?? '';
    const config = configOf(example, { env: shippedEnv });
    assert.equal(config.pipelines[0]?.name, 'money');
    assert.equal(dirname(config.file ?? ''), config.folder);
  });
});
