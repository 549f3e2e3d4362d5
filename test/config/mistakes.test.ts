import assert from 'node:assert/strict';
import { configOf, env, errorOf, mistakesIn, pipeline, seller } from './world.js';

/** A text, and the one line that it must cause. */
const cases: Record<string, [text: string, line: string]> = {
  'an unknown key': ['lakes: x\n', '1:1 lakes: unknown key; did you mean "lake"?'],
  'an unknown nested key': [
    pipeline('    limits:\n      concurency: 3\n'),
    '6:7 pipelines[0].limits.concurency: unknown key; did you mean "concurrency"?',
  ],
  'a key given twice': ['lake: a\nlake: b\n', '2:1 lake: key given twice; keep one'],
  'a bucket of an unknown kind': [
    'lake: gcs://bucket/lake\n',
    '1:7 lake: expected a folder, or a bucket such as gs://my-bucket/lake or s3://my-bucket/lake, found "gcs://bucket/lake"',
  ],
  'a bucket whose names lead elsewhere': [
    'raw: s3://bucket/../raw\n',
    '1:6 raw: expected a folder, or a bucket such as gs://my-bucket/lake or s3://my-bucket/lake, found "s3://bucket/../raw"',
  ],
  'a bucket for files that must be on this machine': [
    'state: gs://bucket/state\n',
    '1:8 state: expected a path on this machine, found "gs://bucket/state"; only lake and raw can be in a bucket',
  ],
  'a bucket with one slash too few': [
    'lake: gs:/bucket/lake\n',
    '1:7 lake: expected a folder, or a bucket such as gs://my-bucket/lake or s3://my-bucket/lake, found "gs:/bucket/lake"',
  ],
  'raw documents inside the lake of a bucket': [
    'lake: gs://bucket/x/\nraw: gs://bucket/x/raw\n',
    '2:6 raw: "gs://bucket/x/raw" is inside lake ("gs://bucket/x/"); use a separate location for each',
  ],
  'the history of a table that does not exist': [
    'history: { tables: [{ name: listing, mode: daily }] }\n',
    '1:29 history.tables[0].name: no report schema has a table "listing"; did you mean "listings"?',
  ],
  'the history of a table that keeps its rows': [
    'history: { tables: [{ name: ledger_detail, mode: daily }] }\n',
    '1:29 history.tables[0].name: ledger_detail has the load mode replace; only tables with `snapshot` have a history, as the others keep their rows',
  ],
  'two histories of one table': [
    'history:\n  tables:\n    - { name: listings, mode: none }\n    - { name: listings, mode: daily }\n',
    '4:15 history.tables[1].name: "listings" is already in the list',
  ],
  'bad YAML': ['lake: a\n\tb: c\n', '2:1 not valid YAML: Tabs are not allowed as indentation'],
  'a variable inside braces without quotes': [
    `lake: x\n${pipeline('    limits: { maxDocuments: ${MAX} }\n')}`,
    '6:29 inside { } or [ ], put a value with ${ in quotes',
  ],
  'an unset variable': [
    'lake: x/${UNSET}\n',
    '1:7 lake: $UNSET is not set; set it, or write ${UNSET:-default}',
  ],
  'an empty variable': [
    'lake: ${EMPTY}\n',
    '1:7 lake: $EMPTY is not set; set it, or write ${EMPTY:-default}',
  ],
  'an unset variable of a credential': [
    seller().replace('${TOKEN}', '${UNSET}'),
    '7:21 sellers[0].credentials.refreshToken: $UNSET is not set; set it',
  ],
  'an invalid variable': [
    'lake: ${DATA-x}/lake\n',
    '1:7 lake: not a variable; write ${NAME} or ${NAME:-default}, and $${ for ${ itself',
  ],
  'text instead of a number': [
    pipeline('    limits:\n      maxDocuments: ${WORD:-many}\n'),
    '6:21 pipelines[0].limits.maxDocuments: expected a number, found "many"',
  ],
  'a number out of range': [
    pipeline('    limits:\n      concurrency: 17\n'),
    '6:20 pipelines[0].limits.concurrency: expected at most 16, found 17',
  ],
  'a limit on documents that is too low': [
    'documents:\n  maxColumns: 0\n',
    '2:15 documents.maxColumns: expected at least 1, found 0',
  ],
  'a limit on documents that no machine could hold': [
    'documents: { maxRowCharacters: 1000000000 }\n',
    '1:32 documents.maxRowCharacters: expected at most 268435456, found 1000000000',
  ],
  'a misspelled limit on documents': [
    'documents:\n  maxColums: 5\n',
    '2:3 documents.maxColums: unknown key; did you mean "maxColumns"?',
  ],
  'limits that contradict each other': [
    pipeline('    limits:\n      visibilityTimeoutSeconds: 10\n'),
    '6:33 pipelines[0].limits.visibilityTimeoutSeconds: must be longer than waitTimeSeconds',
  ],
  'a wrong cron expression': [
    pipeline('', { schedule: "'61 * * * *'" }),
    '3:15 pipelines[0].schedule: expected a cron expression such as "*/15 * * * *" (minute, hour, day, month, weekday), found "61 * * * *": minute "61" is not in 0-59',
  ],
  'a cron expression with a number out of range': [
    pipeline('', { schedule: "'*/15 *9999999999 * * *'" }),
    '3:15 pipelines[0].schedule: expected a cron expression such as "*/15 * * * *" (minute, hour, day, month, weekday), found "*/15 *9999999999 * * *": 9999999999 is too large for every field',
  ],
  'several fields of a cron expression': [
    pipeline('', { schedule: "'0 */2 24 32 1-13 FOO'" }),
    '3:15 pipelines[0].schedule: expected a cron expression such as "*/15 * * * *" (minute, hour, day, month, weekday), found "0 */2 24 32 1-13 FOO": hour "24" is not in 0-23, day "32" is not in 1-31, month "1-13" is not in 1-12 or JAN-DEC, weekday "FOO" is not in 0-7 or SUN-SAT',
  ],
  'a day that never comes': [
    pipeline('', { schedule: "'0 0 31 2 *'" }),
    '3:15 pipelines[0].schedule: expected a cron expression such as "*/15 * * * *" (minute, hour, day, month, weekday), found "0 0 31 2 *": 31 2 is an impossible day of month for the given month',
  ],
  'a wrong sweep': [
    pipeline('    sweep: daily\n'),
    '5:12 pipelines[0].sweep: expected a cron expression such as "*/15 * * * *" (minute, hour, day, month, weekday), found "daily": expected 5 or 6 fields but got 1',
  ],
  'a wrong time zone': [
    pipeline('    timezone: Europe/Berln\n'),
    '5:15 pipelines[0].timezone: expected a time zone such as Europe/Berlin, found "Europe/Berln"; did you mean "Europe/Berlin"?',
  ],
  'a FIFO queue': [
    pipeline('', { queue: 'https://sqs.us-east-1.amazonaws.com/123456789012/reports.fifo' }),
    '4:12 pipelines[0].queue: this is a FIFO queue; Amazon sends notifications to standard queues only',
  ],
  'an endpoint without a scheme': [
    'aws:\n  endpoint: localhost:4566\n',
    '2:13 aws.endpoint: expected a URL with its scheme, such as https://sqs.example.com or http://localhost:4566, found "localhost:4566"',
  ],
  'an API endpoint without a host': [
    'api:\n  endpoint: https://\n',
    '2:13 api.endpoint: expected a URL with its scheme, such as https://sqs.example.com or http://localhost:4566, found "https://"',
  ],
  'a login URL of another scheme': [
    'api:\n  loginUrl: ftp://login\n',
    '2:13 api.loginUrl: expected a URL with its scheme, such as https://sqs.example.com or http://localhost:4566, found "ftp://login"',
  ],
  'one folder for lake and raw': [
    'lake: kept\nraw: ./kept/\n',
    '2:6 raw: "./kept/" is the same as lake ("kept"); use a separate location for each',
  ],
  'a lake among the raw documents': [
    'lake: data/raw/lake\n',
    '1:7 lake: "data/raw/lake" is inside raw ("data/raw"); use a separate location for each',
  ],
  'a folder that is the default one of something else': [
    'raw: data/state\n',
    '1:6 raw: "data/state" is the same as state ("data/state"); use a separate location for each',
  ],
  'a warehouse in the lake': [
    'warehouse:\n  path: ${ID}/x.duckdb\nlake: ${ID}\n',
    '2:9 warehouse.path: "client-id/x.duckdb" is inside lake ("client-id"); use a separate location for each',
  ],
  'a copy of the warehouse in place of the warehouse': [
    'warehouse:\n  path: w.duckdb\n  publish: { path: ./w.duckdb }\n',
    '3:20 warehouse.publish.path: "./w.duckdb" is the same as warehouse.path ("w.duckdb"); use a separate location for each',
  ],
  'a copy of the warehouse in the lake': [
    'lake: kept\nwarehouse:\n  publish: { path: kept/copy.duckdb }\n',
    '3:20 warehouse.publish.path: "kept/copy.duckdb" is inside lake ("kept"); use a separate location for each',
  ],
  'a copy of a warehouse that is no file': [
    'warehouse:\n  type: bigquery\n  project: p\n  dataset: d\n  publish: { path: copy.duckdb }\n',
    '5:12 warehouse.publish: is only for type duckdb, whose file one program at a time can use',
  ],
  'a copy of the warehouse without an interval': [
    'warehouse:\n  publish: { path: copy.duckdb, every: 15 }\n',
    '2:40 warehouse.publish.every: expected text, found 15; put it in quotes',
  ],
  'folders below the warehouse file': [
    'warehouse:\n  path: data/raw/x.duckdb\nraw: elsewhere\nlake: data/raw/x.duckdb/lake\n',
    '4:7 lake: "data/raw/x.duckdb/lake" is inside warehouse.path ("data/raw/x.duckdb"); use a separate location for each',
  ],
  'a BigQuery warehouse without its dataset': [
    'warehouse:\n  type: bigquery\n  project: p\n',
    '2:3 warehouse.dataset: is needed for type bigquery',
  ],
  'an ARN for a queue URL': [
    pipeline('', { queue: 'arn:aws:sqs:us-east-1:123456789012:reports' }),
    '4:12 pipelines[0].queue: expected the URL of an SQS queue, such as https://sqs.us-east-1.amazonaws.com/123456789012/reports, found "arn:aws:sqs:us-east-1:123456789012:reports"',
  ],
  'a queue URL without the account': [
    pipeline('', { queue: 'https://sqs.us-east-1.amazonaws.com/reports' }),
    '4:12 pipelines[0].queue: expected the URL of an SQS queue, such as https://sqs.us-east-1.amazonaws.com/123456789012/reports, found "https://sqs.us-east-1.amazonaws.com/reports"',
  ],
  'a report type in lower case': [
    pipeline('    reportTypes: [GET_FBA_*, get_x]\n'),
    '5:30 pipelines[0].reportTypes[1]: expected a report type in capitals, such as GET_MERCHANT_LISTINGS_ALL_DATA, or a pattern such as GET_FBA_*, found "get_x"',
  ],
  'no report types': [
    pipeline('    reportTypes: []\n'),
    '5:18 pipelines[0].reportTypes: expected at least 1 item, found an empty list',
  ],
  'a pipeline name used twice': [
    `${pipeline()}  - name: all\n    schedule: '0 * * * *'\n    queue: https://sqs.us-east-1.amazonaws.com/123456789012/other\n`,
    '5:11 pipelines[1].name: "all" is already used by pipelines[0]',
  ],
  'a seller id used twice': [
    seller(seller().replace('sellers:\n', '')),
    '8:9 sellers[1].id: "A1SELLER" is already used by sellers[0]',
  ],
  'an account id of two sellers': [
    seller(
      `    accountIds: [amzn1.vg.1]\n${seller('    accountIds: [amzn1.vg.1]\n', { id: 'A2' }).replace('sellers:\n', '')}`,
    ),
    '15:18 sellers[1].accountIds[0]: "amzn1.vg.1" already belongs to sellers[0]',
  ],
  'a region in capitals': [
    seller('', { region: 'NA' }),
    '3:13 sellers[0].region: expected one of na, eu, fe, found "NA"; did you mean "na"?',
  ],
  'an unknown marketplace': [
    seller('    marketplaces: [ATVPDKIKX0DR]\n'),
    '8:20 sellers[0].marketplaces[0]: expected a marketplace id such as ATVPDKIKX0DER, or a country code such as US, found "ATVPDKIKX0DR"; did you mean "ATVPDKIKX0DER"?',
  ],
  'a marketplace of another region, by country': [
    seller('    marketplaces: [US, gb]\n'),
    '8:24 sellers[0].marketplaces[1]: UK is in region eu, the seller in na; a seller has one entry per region',
  ],
  'a marketplace of another region, by id': [
    seller('    marketplaces: [A1VC38T7YXB528]\n'),
    '8:20 sellers[0].marketplaces[0]: JP is in region fe, the seller in na; a seller has one entry per region',
  ],
  'a secret in the file': [
    seller().replace('${SECRET}', 'hush-hush'),
    '6:21 sellers[0].credentials.clientSecret: credentials come from the environment; write a variable such as ${LWA_CLIENT_SECRET}',
  ],
  'a secret as the default of a variable': [
    seller().replace('${TOKEN}', '${TOKEN:-hush-hush}'),
    '7:21 sellers[0].credentials.refreshToken: credentials come from the environment; write a variable such as ${LWA_REFRESH_TOKEN}',
  ],
  'a secret of digits': [
    seller().replace('${ID}', '1234567'),
    '5:17 sellers[0].credentials.clientId: credentials come from the environment; write a variable such as ${LWA_CLIENT_ID}',
  ],
  'a secret in the file with only the login on this machine': [
    `${seller().replace('${ID}', 'invented')}api: { loginUrl: 'http://127.0.0.1:1/auth/o2/token' }\n`,
    '5:17 sellers[0].credentials.clientId: credentials come from the environment; write a variable such as ${LWA_CLIENT_ID}',
  ],
  'credentials of a queue in the file': [
    'aws:\n  endpoint: https://sqs.example.com\n  credentials:\n    accessKeyId: ${ID}\n    secretAccessKey: hush-hush\n',
    '5:22 aws.credentials.secretAccessKey: credentials come from the environment; write a variable such as ${SQS_SECRET_ACCESS_KEY}',
  ],
  'credentials for AWS itself': [
    'aws:\n  credentials:\n    accessKeyId: ${ID}\n    secretAccessKey: ${SECRET}\n',
    '3:5 aws.credentials: only with `endpoint`; for AWS, credentials come from the environment, a profile or the instance role',
  ],
  'a hash key in the file': [
    'piiHashKey: 0123456789abcdef\n',
    '1:13 piiHashKey: the key comes from the environment; write a variable such as ${PII_HASH_KEY}',
  ],
  'a hash key that is too short': ['piiHashKey: ${ID}\n', '1:13 piiHashKey: expected at least 16 characters'],
  'an unset hash key': ['piiHashKey: ${UNSET}\n', '1:13 piiHashKey: $UNSET is not set; set it'],
  'the address of a webhook in the file': [
    'alarms: { webhook: "https://hooks.example.com/T0" }\n',
    '1:20 alarms.webhook: whoever knows the address can write there, so it comes from the environment; write a variable such as ${SP_REPORTS_ALARM_WEBHOOK}',
  ],
  'a webhook without https': [
    'alarms: { webhook: "${ID}" }\n',
    '1:20 alarms.webhook: expected an address that begins with https://',
  ],
  'an unset webhook': ['alarms: { webhook: "${UNSET}" }\n', '1:20 alarms.webhook: $UNSET is not set; set it'],
  'an invalid age': [
    'alarms: { webhook: "${HOOK}", staleAfter: { orders: soon } }\n',
    '1:53 alarms.staleAfter.orders: expected a span of time such as `36 hours`, in hours, days, weeks, found "soon"',
  ],
  'hashes without a key': [
    pipeline('    pii: hash\n'),
    '5:10 pipelines[0].pii: hash needs a key: `piiHashKey: ${PII_HASH_KEY}` at the top of the file',
  ],
  'an unknown policy on personal data': [
    pipeline('    pii: hsah\n'),
    '5:10 pipelines[0].pii: expected one of keep, hash, drop, found "hsah"; did you mean "hash"?',
  ],
  'a status page that is open to everyone': [
    'status:\n  host: 0.0.0.0\n',
    '2:9 status.host: anyone who can reach 0.0.0.0 could read the warehouse; add `token: ${SP_REPORTS_STATUS_TOKEN}`',
  ],
  'a token in the file': [
    'status: { token: 0123456789abcdef }\n',
    '1:18 status.token: the token comes from the environment; write a variable such as ${SP_REPORTS_STATUS_TOKEN}',
  ],
  'a token that is too short': [
    'status: { token: "${ID}" }\n',
    '1:18 status.token: expected at least 16 characters',
  ],
  'a misspelled key of the status page': [
    'status: { prt: 1 }\n',
    '1:11 status.prt: unknown key; did you mean "port"?',
  ],
  'a status page that is not a map': ['status: true\n', '1:9 status: expected "false" or a map, found true'],
  'a missing credential': [
    seller().replace('      clientSecret: ${SECRET}\n', ''),
    '5:7 sellers[0].credentials.clientSecret: missing; expected text',
  ],
};

describe('a mistake in pipelines.yaml', () => {
  for (const [name, [text, line]] of Object.entries(cases)) {
    it(`is reported with its position: ${name}`, () => {
      assert.deepEqual(
        mistakesIn(text, { env: { ...env, EMPTY: '', HOOK: 'https://hooks.example.com/T0' } }),
        [`pipelines.yaml:${line}`],
      );
    });
  }

  it('is reported together with all others, in the order of the file', () => {
    const text = `warehous: {}
lake: 5
${seller('    marketplaces: [DE]\n')}pipelines:
  - name: a b
    shedule: x
    timezone: 5
    queue: \${UNSET}
    limits:
      concurrency: 17
      visibilityTimeoutSeconds: 5
  - name: second
`;
    const error = errorOf(() => configOf(text));
    assert.equal(
      error.message,
      `reading pipelines.yaml: 11 mistakes found
pipelines.yaml:1:1 warehous: unknown key; did you mean "warehouse"?
pipelines.yaml:2:7 lake: expected text, found 5; put it in quotes
pipelines.yaml:10:20 sellers[0].marketplaces[0]: DE is in region eu, the seller in na; a seller has one entry per region
pipelines.yaml:12:11 pipelines[0].name: expected a name of letters, digits, - and _, found "a b"
pipelines.yaml:13:5 pipelines[0].shedule: unknown key; did you mean "schedule"?
pipelines.yaml:14:15 pipelines[0].timezone: expected text, found 5; put it in quotes
pipelines.yaml:15:12 pipelines[0].queue: $UNSET is not set; set it, or write \${UNSET:-default}
pipelines.yaml:17:20 pipelines[0].limits.concurrency: expected at most 16, found 17
pipelines.yaml:18:33 pipelines[0].limits.visibilityTimeoutSeconds: must be longer than waitTimeSeconds
pipelines.yaml:19:5 pipelines[1].schedule: missing; expected text
pipelines.yaml:19:5 pipelines[1].queue: missing; expected text`,
    );
    assert.equal(error.details.count, '11 mistakes');
  });

  it('never shows a secret, in whatever form it was written', () => {
    const secret = 'Atzr-hush-hush';
    const digits = '424242424242';
    const given = (credentials: string) =>
      `sellers:\n  - id: A1\n    region: na\n    credentials: ${credentials}\n`;
    for (const text of [
      given(secret),
      given(digits),
      given(`[${secret}]`),
      given(`{ clientId: ${secret}, clientSecret: ${digits}, refreshToken: "x\${TOKEN}${secret}" }`),
      given(`{ refresh_token: ${secret} }`),
      `piiHashKey: ${secret}\n`,
      `piiHashKey: [${digits}]\n`,
      'piiHashKey: ${HUSH}\n',
      `status: { token: ${secret} }\n`,
      'status: { token: "${HUSH}" }\n',
      given(`{ clientId: { of: ${secret} }, clientSecret: "\${SECRET}", refreshToken: [${digits}] }`),
      given(`{ clientId: "\${HUSH}", clientSecret: "\${DIGITS}", refreshToken: "\${TOKEN}", more: 1 }`),
    ]) {
      const printed = mistakesIn(text, { env: { ...env, HUSH: secret, DIGITS: digits } }).join('\n');
      assert.ok(!printed.includes(secret) && !printed.includes(digits), printed);
    }
  });
});
