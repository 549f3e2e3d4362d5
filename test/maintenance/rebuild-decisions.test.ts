import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { commandFolder } from '../commands/command-folder.js';

const schema = `reportType: GET_TEST_DAYS
description: Days.
format: tsv
tables:
  - name: days
    load: { mode: append }
    columns:
      - { name: day, from: [day], type: date }
      - { name: units, from: [units], type: int64 }
`;

const settings = `warehouse: { path: warehouse.duckdb }
lake: lake
raw: raw
state: state
schemas: schemas
status: false
pipelines: []
`;

describe('a rebuild from raw documents', () => {
  const { path, run, file, query } = commandFolder();

  it('reads a document as earlier ones of its type prove it, as when it was loaded', async () => {
    mkdirSync(path('schemas'));
    file('schemas/GET_TEST_DAYS.yaml', schema);
    file('pipelines.yaml', settings);
    const documents: [name: string, day: string, createdAt: string][] = [
      ['proves day first', '25/12/2025', '2026-01-01T00:00:00Z'],
      ['is read by it', '03/05/2026', '2026-05-06T00:00:00Z'],
      ['proves month first', '12/25/2026', '2026-12-26T00:00:00Z'],
    ];
    for (const [name, day, createdAt] of documents) {
      const tsv = file(`${name}.tsv`, `day\tunits\n${day}\t1\n`);
      const options = ['--type', 'GET_TEST_DAYS', '--created', createdAt, '--marketplace', 'ATVPDKIKX0DER'];
      const { code, stderr } = await run('load', tsv, ...options);
      assert.equal(code, 0, stderr);
    }
    const days = () => query('SELECT day FROM days ORDER BY day');
    const decisions = () => query('SELECT document_id, decisions, warnings FROM _loads ORDER BY ALL');
    const before = [await days(), await decisions()];
    assert.deepEqual(before[0], [{ day: '2025-12-25' }, { day: '2026-05-03' }, { day: '2026-12-25' }]);
    rmSync(path('lake'), { recursive: true });
    const { code, stdout, stderr } = await run('rebuild');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /3 .*raw/);
    assert.deepEqual([await days(), await decisions()], before);
  });
});
