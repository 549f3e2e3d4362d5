import assert from 'node:assert/strict';
import { maskedRelations, shownRelations, type WarehouseColumn } from '../../src/mcp/shown-relations.js';
import { lineage } from '../../src/schema/lineage.js';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import { readViews, type View } from '../../src/schema/views.js';

const folders = [packagedSchemasFolder()];
const schemas = readSchemas({ folders });
const views = readViews({ folders }, schemas);
const type = 'VARCHAR';

const columnsOf = (table: string, names: string[]): WarehouseColumn[] =>
  names.map((column) => ({ table, column, type }));
const feedback = columnsOf('seller_feedback', ['date', 'rating', 'rater_email', 'order_id', 'odd']);
const shown = (columns: WarehouseColumn[], own: Partial<View>[] = [], found = new Map<string, string[]>()) =>
  new Map(
    shownRelations({
      ...{ columns, schemas, found, showsPersonalData: false },
      views: [...views, ...(own as View[])],
    }).map(({ name, columns: each, hidden }) => [name, { shown: each.map((column) => column.name), hidden }]),
  );

describe('what a reader without access to personal data sees', () => {
  it('is every column that no schema marks, and that is not named or found to be personal', () => {
    const found = new Map([['seller_feedback', ['odd']]]);
    assert.deepEqual(
      shown([...feedback, ...columnsOf('seller_feedback', ['comprador'])], [], found).get('seller_feedback'),
      {
        shown: ['date', 'rating', 'order_id'],
        hidden: ['rater_email', 'odd', 'comprador'],
      },
    );
  });

  it('is nothing of a view that names such a column, and no column of that name in any other', () => {
    const relations = shown(
      [
        ...feedback,
        ...columnsOf('by_buyer', ['who', 'n']),
        ...columnsOf('all_of_it', ['rating', 'rater_email']),
        ...columnsOf('copied', ['rater_email', 'n']),
      ],
      [
        { name: 'by_buyer', sql: 'SELECT RATER_EMAIL AS who, count(*) AS n FROM seller_feedback GROUP BY 1' },
        { name: 'all_of_it', sql: 'SELECT * FROM seller_feedback' },
      ],
    );
    assert.deepEqual(relations.get('by_buyer'), { shown: [], hidden: ['who', 'n'] });
    assert.deepEqual(relations.get('all_of_it'), { shown: ['rating'], hidden: ['rater_email'] });
    assert.deepEqual(relations.get('copied'), { shown: ['n'], hidden: ['rater_email'] });
  });

  it('is of a history what it is of, and what its columns mean', () => {
    const columns = columnsOf('listings_history', [
      'valid_from',
      'valid_to',
      '_ended_by',
      'quantity',
      '_row',
    ]);
    const [history] = shownRelations({
      ...{ columns, schemas, views, found: new Map(), showsPersonalData: false },
    });
    assert.equal(
      history?.description,
      'History by changes: one row for each time that a row stayed the same, of listings.',
    );
    const texts = new Map(history?.columns.map((column) => [column.name, column.description]));
    assert.match(texts.get('valid_to') ?? '', /NULL while the row is current/);
    assert.equal(texts.get('quantity'), 'Empty for offers fulfilled by Amazon.');
    assert.match(texts.get('_row') ?? '', /Always NULL/);
  });

  it('is nothing of the ledger and the rejects that quotes a document', () => {
    const relations = shown([
      ...columnsOf('_loads', ['key', 'reason', 'warnings', 'body']),
      ...columnsOf('_rejects', ['column_name', 'raw']),
    ]);
    assert.deepEqual(relations.get('_loads')?.shown, ['key']);
    assert.deepEqual(relations.get('_rejects')?.shown, ['column_name']);
  });

  it('has all packaged views, with tables of every packaged type', () => {
    const tables = [...schemas.values()].flatMap((schema) =>
      schema.tables.flatMap(({ name, columns }) =>
        columnsOf(
          name,
          [...columns, ...lineage].map((column) => column.name),
        ),
      ),
    );
    const relations = shown([
      ...tables,
      ...views.flatMap(({ name, columns }) =>
        columnsOf(
          name,
          columns.map((column) => column.name),
        ),
      ),
    ]);
    for (const { name } of views) assert.deepEqual(relations.get(name)?.hidden, [], name);
    assert.ok([...relations.values()].some(({ hidden }) => hidden.length > 3));
  });

  it('is masked for exactly the relations that have hidden columns', () => {
    const relations = shownRelations({
      columns: [...feedback, ...columnsOf('plain', ['a'])],
      schemas,
      views,
      found: new Map(),
      showsPersonalData: false,
    });
    assert.deepEqual(maskedRelations(relations), [
      { name: 'seller_feedback', columns: ['date', 'rating', 'order_id', 'odd'], hidden: ['rater_email'] },
    ]);
    const all = shownRelations({
      columns: feedback,
      schemas,
      views,
      found: new Map(),
      showsPersonalData: true,
    });
    assert.deepEqual(maskedRelations(all), []);
  });
});
