import { readdirSync, readFileSync } from 'node:fs';
import { personalColumns } from '../../../src/schema/personal-data.js';
import { exampleOf, programExamples } from '../../../src/status/page/examples.js';
import { pictures } from '../../../src/status/pictures.js';
import type { LedgerFilter } from '../../../src/warehouse/types.js';
import type { Scene } from './scene.js';
import { loads } from './scenario.js';

const iso = '2026-01-01T00:00:00.000Z';
const filters: LedgerFilter[] = [
  {},
  { statuses: ['loaded', 'empty'], reportType: 'GET_TEST', sellerId: "O'2", limit: 3 },
  { documentOrTable: 'goods.append+' },
  { withWarnings: true, dataEndSince: iso, createdSince: iso },
  { madeBefore: iso, loadedBefore: iso, loadedSince: iso },
  { after: { loadedAt: iso, key: "A1/it's" }, limit: 100 },
];

/** Everything that reads, and what removes personal data. */
export const reads: Record<string, (scene: Scene) => Promise<unknown>> = {
  'lists of documents': async (scene) => {
    for (const filter of filters) {
      await scene.warehouse().loads(filter);
      await scene.warehouse().countLoads(filter);
      await scene.warehouse().loadFields(['key', 'warnings', 'loadedAt'], filter);
      await scene.warehouse().rejects(filter);
    }
  },
  'documents by key': (scene) =>
    scene.warehouse().seen(['A1/document-1', "A1/report/it's", 'A1/report/a/report/b']),
  'an inspection of the dataset': (scene) => scene.warehouse().inspect(),
  'tables and views': async (scene) => {
    await scene.warehouse().tables();
    await scene.warehouse().viewProblems(scene.views);
  },
  'the overview': (scene) => scene.warehouse().overview(),
  'drift, periods and differences': async (scene) => {
    await scene.warehouse().drift();
    await scene.warehouse().drift('GET_TEST');
    await scene.warehouse().periods();
    for (const isAppend of [true, false]) await scene.warehouse().rowDifferences('goods_merge', { isAppend });
  },
  'one document': async (scene) => {
    const document = { sellerId: 'A1', documentId: 'document-1' };
    await scene.warehouse().rejectGroups(document);
    await scene.warehouse().rowsNow({ ...document, tables: [{ name: 'goods_merge', rows: 1 }] });
  },
  'queries on views': async (scene) => {
    for (const { name } of scene.views) await scene.warehouse().query(`SELECT * FROM ${name} LIMIT 10`);
  },
  'pictures, examples and lists of columns of the page': async (scene) => {
    const examples = scene.views.map(({ name }) => exampleOf(name));
    for (const sql of [...pictures.map((each) => each.sql), ...Object.values(programExamples), ...examples])
      await scene.warehouse().query(sql);
    await scene.warehouse().query('SELECT * FROM _loads WHERE FALSE');
  },
  'queries of the documentation': async (scene) => {
    await scene.commit({ of: [] });
    for (const sql of documented()) await scene.warehouse().query(sql);
  },
  'the removal of personal data': async (scene) => {
    const rows = await scene.warehouse().loads({});
    await scene.warehouse().removePersonalData(rows, (type, table, columns) =>
      // The invented tables have none of their own.
      table.startsWith('goods_') ? ['n'] : personalColumns(scene.schemas.get(type ?? ''), table, columns),
    );
    await scene.warehouse().markPurged(rows.map(({ key }) => key));
  },
  'a document after that': (scene) => (loads['a newer one'] as (scene: Scene) => Promise<unknown>)(scene),
};

/** The examples of the documentation that are for BigQuery. */
function documented(): string[] {
  const docs = new URL('../../../docs/', import.meta.url);
  return readdirSync(docs).flatMap((name) =>
    name.endsWith('.md')
      ? [...readFileSync(new URL(name, docs), 'utf8').matchAll(/^```sql bigquery\n([\s\S]*?)^```/gm)].map(
          ([, sql = '']) => sql,
        )
      : [],
  );
}
