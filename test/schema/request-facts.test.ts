import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkSchemas, packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import { requestFacts } from '../../src/schema/request-facts.js';
import { formatProblem } from '../../src/yaml/read-yaml.js';

const reportType = 'GET_SALES_AND_TRAFFIC_REPORT';

describe('facts on requests', () => {
  let folder: string;
  let folders: string[];

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'facts-'));
    folders = [packagedSchemasFolder(), folder];
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (text: string) => writeFileSync(path.join(folder, 'own.yaml'), text);
  const factsOf = (type: string) => requestFacts(readSchemas({ folders }), type);

  it('each have a source in the packaged schemas, and no source is left over', () => {
    for (const schema of readSchemas({ folders: [packagedSchemasFolder()] }).values()) {
      const { sources = {}, madeBy: _, ...facts } = schema.request ?? {};
      assert.deepEqual(Object.keys(sources).sort(), Object.keys(facts).sort(), schema.reportType);
      for (const source of Object.values(sources)) assert.match(source, /^https:\/\/\S+|^[A-Z].*\w{4}/);
    }
  });

  it('are none for a type without a schema', () => {
    assert.deepEqual(factsOf('GET_UNHEARD_OF_REPORT'), { sources: {} });
  });

  it('of a packaged schema apply to a schema of the user that states none', () => {
    const packaged = factsOf(reportType);
    assert.equal(packaged.minInterval?.minutes, 15);
    write(`reportType: ${reportType}\nformat: json\n`);
    assert.deepEqual(factsOf(reportType), packaged);
    assert.deepEqual(readSchemas({ folders }).get(reportType)?.tables, []);
  });

  it('of a user replace packaged ones one by one, and have the file of the user as their source', () => {
    const packaged = factsOf(reportType);
    write(
      `reportType: ${reportType}\nformat: json\nrequest:\n  minInterval: { minutes: 5, per: seller }\n  oldestStart: 1 year\n  options: { newOption: { values: [A, '7'] } }\n  sources: { oldestStart: a letter from Amazon }\n`,
    );
    const { minInterval, oldestStart, options, madeBy, reportsPerDay, sources } = factsOf(reportType);
    assert.deepEqual(minInterval, { minutes: 5, per: 'seller' });
    assert.deepEqual(oldestStart, { count: 1, unit: 'year' });
    assert.deepEqual(options, { ...packaged.options, newOption: { values: ['A', '7'] } });
    assert.deepEqual([madeBy, reportsPerDay], [packaged.madeBy, packaged.reportsPerDay]);
    assert.equal(sources.oldestStart, 'a letter from Amazon');
    assert.match(sources.minInterval ?? '', /own\.yaml$/);
    assert.equal(sources.reportsPerDay, packaged.sources.reportsPerDay);
  });

  it('have no source for what they do not state', () => {
    write(
      'reportType: GET_X\nformat: tsv\nrequest:\n  maxWindow: 1 month\n  sources:\n    maxWindw: a page\n',
    );
    assert.deepEqual(
      checkSchemas({ folders }).problems.map((each) =>
        formatProblem(each).replace(/^.*own.yaml/, 'own.yaml'),
      ),
      ['own.yaml:6:5 request.sources.maxWindw: `request` states no "maxWindw"; did you mean "maxWindow"?'],
    );
  });

  it('are refused with file and line if they are misspelled or cannot be', () => {
    write(
      `reportType: GET_X\nformat: tsv\nrequest:\n  marketplaces: single\n  maxWindow: a month\n  minInterval: { minutes: 0, per: account }\n  ended: 2026-13-01\n  oldStart: 1 year\n`,
    );
    assert.deepEqual(
      checkSchemas({ folders }).problems.map((each) =>
        formatProblem(each).replace(/^.*own.yaml/, 'own.yaml'),
      ),
      [
        'own.yaml:4:17 request.marketplaces: expected one of one, many, ignored, found "single"',
        'own.yaml:5:14 request.maxWindow: expected a span of time such as `31 days`, in hours, days, weeks, months, quarters, years, found "a month"',
        'own.yaml:6:27 request.minInterval.minutes: expected at least 1, found 0',
        'own.yaml:6:35 request.minInterval.per: expected one of application, seller, found "account"',
        'own.yaml:7:10 request.ended: there is no such date',
        'own.yaml:8:3 request.oldStart: unknown key; did you mean "oldestStart"?',
      ],
    );
  });
});
