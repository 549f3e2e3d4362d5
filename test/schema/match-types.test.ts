import assert from 'node:assert/strict';
import { hasMembers, matchTypes } from '../../src/schema/match-types.js';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';

const schemas = readSchemas({ folders: [packagedSchemasFolder()] });

describe('matching headers with report types', () => {
  it('explains all headers of a document with the headers of its own schema, whatever the type', () => {
    for (const schema of schemas.values()) {
      if (schema.tables.length === 0) continue;
      const kind = hasMembers(schema.format) ? 'members' : 'delimited';
      const last = (path: string) => (kind === 'members' ? (path.split('.').at(-1) ?? path) : path);
      const headers = schema.tables.flatMap(({ columns }) => columns.map(({ from }) => last(from[0] ?? '')));
      const matches = matchTypes(headers, kind, schemas.values());
      const own = matches.find(({ reportType }) => reportType === schema.reportType);
      assert.deepEqual([own?.share, own?.coverage], [1, 1], schema.reportType);
      assert.equal(matches[0]?.share, 1);
    }
  });

  it('compares delimited documents only with delimited types, and ignores blank headers', () => {
    const matches = matchTypes(['', '  ', 'Order ID'], 'delimited', schemas.values());
    assert.ok(matches.every(({ share }) => share === 1));
    assert.ok(matches.every(({ reportType }) => !hasMembers(schemas.get(reportType)?.format ?? 'json')));
  });
});
