import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import type { ReportSchema } from '../../src/schema/types.js';
import { onEachCollection } from '../collections.js';
import { documentOf } from '../parse/document-of.js';
import { readRows } from '../parse/read-rows.js';

const schemas = readSchemas({ folders: [packagedSchemasFolder()] });

/** The files of Amazon's JSON schemas whose examples do not name their report type. */
const typeOfFile: Record<string, string> = {
  'accountHealthReport-2020-11-18.json': 'GET_V2_SELLER_PERFORMANCE_REPORT',
  'b2bProductOpportunitiesNotYetOnAmazonReport-2020-11-19.json':
    'GET_B2B_PRODUCT_OPPORTUNITIES_NOT_YET_ON_AMAZON',
  'b2bProductOpportunitiesRecommendedForYouReport-2020-11-19.json':
    'GET_B2B_PRODUCT_OPPORTUNITIES_RECOMMENDED_FOR_YOU',
};

/** A misspelling in one of the rows of an example. */
const misspelled = 'trafficByDate.browerPageViews';

/** The rows of a table by its path, taken from the document without the program. */
function rowsAt(value: unknown, names: string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => rowsAt(item, names));
  const [name, ...rest] = names;
  if (name === undefined) return [value];
  const member = (value as Record<string, unknown>)[name];
  return member === undefined || member === null ? [] : rowsAt(member, rest);
}

/** All values of a row that are not null, except lists with their own tables. */
function valuesOf(value: unknown, ownTables: string[], at = ''): unknown[] {
  if (value === null || ownTables.includes(at)) return [];
  if (typeof value !== 'object' || Array.isArray(value)) return [value];
  return Object.entries(value).flatMap(([key, member]) =>
    valuesOf(member, ownTables, at === '' ? key : `${at}.${key}`),
  );
}

/** The texts that a value may have in a table: for a date also the day, and its milliseconds. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'object') return [JSON.stringify(value)];
  const text = String(value);
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return [text];
  const withSeconds = value.replace(/T(\d\d:\d\d)Z/, 'T$1:00Z').replace(' ', 'T');
  return [text, text.slice(0, 10), String(Date.parse(withSeconds))];
}

async function assertNothingLost(document: unknown, schema: ReportSchema): Promise<string[]> {
  const text = JSON.stringify(document);
  const { parsed, rowsOf, rejects } = await readRows(
    documentOf(text, { reportType: schema.reportType }),
    schema,
  );
  assert.deepEqual(rejects, []);
  let checked = 0;
  for (const { name, rows: place } of schema.tables) {
    const rows = rowsAt(document, place === '$' ? [] : (place ?? '').split('.'));
    assert.equal(rowsOf[name]?.length ?? 0, rows.length, name);
    const ownTables = schema.tables.flatMap(({ rows: other }) =>
      other?.startsWith(`${place}.`) ? [other.slice((place ?? '').length + 1)] : [],
    );
    for (const [index, row] of rows.entries()) {
      const left = Object.entries(rowsOf[name]?.[index] ?? {}).flatMap(([column, found]) =>
        column === '_row' || found === null ? [] : [found],
      );
      for (const value of valuesOf(row, ownTables)) {
        const texts = textsOf(value);
        const found = left.findIndex((each) => texts.includes(each) || sameNumber(each, value));
        assert.ok(found >= 0, `${name}, row ${index + 1}: ${JSON.stringify(value)} is not in the table`);
        left.splice(found, 1);
        checked += 1;
      }
    }
  }
  assert.ok(checked > 0);
  return parsed.notes;
}

function sameNumber(text: string, value: unknown): boolean {
  return typeof value === 'number' && text !== '' && Number(text) === value;
}

describe('the example documents of Amazon:', () => {
  onEachCollection('spec/reports', (folder, size) => {
    for (const file of readdirSync(folder)) {
      const { examples } = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as {
        examples: unknown[];
      };
      for (const [index, example] of examples.entries()) {
        const said = (example as { reportSpecification?: { reportType?: string } }).reportSpecification;
        const reportType = said?.reportType ?? typeOfFile[file] ?? '';
        it(`example ${index + 1} of ${file} of the ${size} collection loads without a lost cell`, async () => {
          const schema = schemas.get(reportType);
          assert.ok(schema, `${file}: no schema of ${reportType}`);
          const notes = await assertNothingLost(example, schema);
          // Their optional members may be missing; none of them is missing in the schema.
          assert.deepEqual(
            notes.filter(
              (note) => !note.includes('columns not in the document') && !note.endsWith(misspelled),
            ),
            [],
          );
        });
      }
    }
  });
});

describe('collected JSON documents:', () => {
  onEachCollection('samples', (folder, size) => {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
      it(`${file} of the ${size} collection loads without a lost cell`, async () => {
        const schema = schemas.get(file.replace(/--.*$/, ''));
        assert.ok(schema, file);
        await assertNothingLost(JSON.parse(readFileSync(path.join(folder, file), 'utf8')), schema);
      });
    }
  });
});
