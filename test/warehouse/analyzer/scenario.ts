import { historyModes } from '../../../src/schema/history.js';
import type { View } from '../../../src/schema/views.js';
import { type Columns, type Document, filled, type Scene } from './scene.js';

/** A step of the scenario; each one finds what those before it made. */
type Step = (scene: Scene) => Promise<unknown>;

const commit =
  (...documents: Document[]): Step =>
  (scene) =>
    scene.commit(...documents);

const everyType: Columns = {
  a_text: 'string',
  a_count: 'int64',
  a_ratio: 'float64',
  a_flag: 'bool',
  a_day: 'date',
  a_time: 'timestamp',
  a_price: 'decimal(18,4)',
  a_fraction: 'decimal(38,20)',
  a_total: 'decimal(38,0)',
  an_object: 'json',
  texts: 'list(string)',
  counts: 'list(int64)',
  ratios: 'list(float64)',
  flags: 'list(bool)',
  days: 'list(date)',
  times: 'list(timestamp)',
  prices: 'list(decimal(18,4))',
  fractions: 'list(decimal(38,20))',
};

const modes = { append: [], merge: ['id'], replace: ['id'], snapshot: [] };
const goods = (mode: keyof typeof modes, rows?: []) =>
  filled(`goods_${mode}`, { id: 'string', n: 'int64' }, { mode, key: modes[mode], ...(rows && { rows }) });
const inAllModes = (rows?: []) => Object.keys(modes).map((mode) => goods(mode as keyof typeof modes, rows));
const rejected = [{ table: 'goods_append', row: 1, column: 'n', raw: "it's", reason: 'not a number' }];

/** What a key may be made of. */
const keyTypes = [
  'string',
  'int64',
  'bool',
  'date',
  'timestamp',
  'decimal(18,4)',
  'decimal(38,20)',
  'float64',
  'json',
];
const keyed = keyTypes.map((type, index) =>
  filled(`key_${index}`, { k: type, second: 'string' }, { mode: 'merge', key: ['k', 'second'] }),
);

const partitioned = (type: string, key: string[]) =>
  filled(`by_${type}_${key.length}`, { at: type, id: 'string' }, { mode: 'merge', key, partitionBy: 'at' });
const partitions = ['date', 'timestamp', 'string'].flatMap((type) => [
  partitioned(type, ['id']),
  partitioned(type, ['id', 'at']),
]);

const partitionsAs = (type: string) =>
  partitions.map((table) => ({ ...table, columns: { ...table.columns, at: type } }));

/** From each type to a wider one. A document of the second type widens the column of the first. */
const widenings: [string, string][] = [
  ['int64', 'decimal(18,4)'],
  ['decimal(18,4)', 'decimal(20,6)'],
  ['decimal(18,4)', 'decimal(38,20)'],
  ['int64', 'float64'],
  ['date', 'timestamp'],
  ...['int64', 'float64', 'bool', 'date', 'timestamp', 'decimal(18,4)', 'decimal(38,20)', 'json'].map(
    (type): [string, string] => [type, 'string'],
  ),
  ['list(int64)', 'list(decimal(18,4))'],
  ...['string', 'int64', 'float64', 'bool', 'date', 'timestamp', 'decimal(18,4)'].map(
    (type): [string, string] => [`list(${type})`, 'string'],
  ),
  ['list(string)', 'json'],
];
const widened = (side: 0 | 1) =>
  widenings.map((pair, index) =>
    filled(`wider_${index}`, { id: 'string', v: pair[side] }, { mode: 'merge', key: ['id'] }),
  );
/** Columns of which a key is made, and by which the table is clustered. */
const widenedKeys = (side: 0 | 1) =>
  widenings
    .filter(([from]) => !from.startsWith('list'))
    .map((pair, index) => filled(`wider_key_${index}`, { k: pair[side] }, { mode: 'merge', key: ['k'] }));

const reserved = [
  'select',
  'from',
  'order',
  'group',
  'table',
  'all',
  'array',
  'rows',
  'window',
  'null',
  'true',
  'interval',
];
/** What the statements of the program call their tables and values. */
const aliases = [
  'here',
  's',
  'l',
  'held',
  'newest',
  'newest_rank',
  'here_rank',
  'key_text',
  'item',
  'position',
  'market',
  'name',
  'version',
  'outcome',
  'seller_id',
  'document_id',
];
const namedAsAliases = ['date', 'list(decimal(38,20))', 'json'].flatMap((type, index) => {
  const columns = Object.fromEntries(aliases.map((name) => [name, type]));
  const key = type === 'date' ? { mode: 'merge' as const, key: ['here', 'key_text'] } : {};
  const name = ['here', 's', 'item'][index] as string;
  return [filled(name, columns, key), filled(name, { ...columns, l: 'string' }, key)];
});
const oddColumns = [
  '商品名',
  'größe',
  'mit leerzeichen',
  'a-b',
  '1st',
  'percent_%',
  'with:colon',
  'x'.repeat(300),
];
const columnsNamed = (names: string[]): Columns => Object.fromEntries(names.map((name) => [name, 'string']));

const namedAsHistories = ['h', 'd', 'content', 'seller', 'starts', 'n', 'idx', 'first_doc'];
const kept = (columns: Columns) =>
  historyModes.map((mode) => filled(`kept_${mode}`, columns, { mode: 'snapshot' }));

export const loads: Record<string, Step> = {
  'the first document of a dataset, with every type': commit({ of: filled('every_type', everyType) }),
  'a document in every load mode': commit({ of: inAllModes(), rejected }),
  'a newer one': commit({ of: inAllModes() }),
  'an older one': commit({ of: inAllModes(), reportCreatedAt: '2026-05-02T00:00:00.000Z' }),
  'the same document again': async (scene) => {
    await scene.commit({ documentId: 'twice', of: inAllModes(), rejected });
    await scene.commit({ documentId: 'twice', of: inAllModes(), rejected });
  },
  'two documents at once': commit({ of: inAllModes() }, { of: inAllModes() }),
  'documents without rows': commit({ of: inAllModes([]) }, { of: inAllModes() }),
  'of no seller, and of another': commit(
    { sellerId: null, of: inAllModes() },
    { sellerId: "O'2", of: inAllModes() },
  ),
  'of several marketplaces, and of none': commit(
    { marketplaceIds: ['M1', 'M2'], of: inAllModes() },
    { marketplaceIds: [], of: inAllModes() },
  ),
  'of odd ids': commit({ documentId: `o'd\\d\n\t/ü\u2028"`, of: inAllModes() }),
  'lists with NULLs': commit({
    of: { ...filled('every_type', everyType), rows: [{ texts: '["a", null]' }] },
  }),
  'keys of every type': commit({ of: keyed }),
  'the same keys again': commit({ of: keyed }),
  'partitions by date and time, in the key or not': commit({ of: partitions }),
  'rows for the same partitions': commit({ of: partitions }),
  'dates that become times': commit({ of: partitionsAs('timestamp').slice(0, 2) }),
  'partitions and their columns that become text': commit({ of: partitionsAs('string') }),
  'dates after that': commit({ of: partitions }),
  'tables with histories': commit({ of: kept({ ...everyType, ...columnsNamed(namedAsHistories) }) }),
  'newer and older snapshots of them, of several marketplaces': commit(
    { dataEnd: '2026-05-30T00:00:00.000Z', of: kept(everyType) },
    { dataEnd: '2026-06-01T00:00:00.000Z', marketplaceIds: ['M1', 'M2'], of: kept({ a_text: 'string' }) },
    { dataEnd: '2026-06-01T00:00:00.000Z', sellerId: null, of: kept(everyType) },
  ),
  'histories whose columns are widened': commit({ of: kept({ a_count: 'string', a_new: 'json' }) }),
  'one new column': commit({
    of: filled('goods_append', { id: 'string', n: 'int64', added: 'decimal(18,4)' }),
  }),
  'many new columns at once': commit({ of: filled('goods_append', { id: 'string', ...everyType }) }),
  'a document without those columns': commit({ of: filled('goods_append', { id: 'string' }) }),
  'columns before they are widened': commit({ of: [...widened(0), ...widenedKeys(0)] }),
  'columns that are widened': commit({ of: widened(1) }),
  'narrower values in wider columns': commit({ of: widened(0) }),
  'columns of keys that are widened': commit({ of: widenedKeys(1) }),
  'narrower values in wider keys': commit({ of: widenedKeys(0) }),
  'reserved words': commit({
    of: filled('order', columnsNamed(reserved), { mode: 'merge', key: ['select', 'order'] }),
  }),
  'names that the statements use themselves': async (scene) => {
    for (const table of namedAsAliases) {
      await scene.commit({ of: table });
      await scene.commit({ of: table }, { of: table });
    }
  },
  'odd names': commit({
    of: filled('在庫_テーブル', columnsNamed(oddColumns), { mode: 'merge', key: ['商品名', 'a-b'] }),
  }),
  'names in another case': commit({ of: filled('GOODS_Append', { ID: 'string', N: 'int64' }) }),
  '300 columns': commit({
    of: filled('wide', columnsNamed(Array.from({ length: 300 }, (_, n) => `column_${n}`))),
  }),
  'a table that somebody dropped': async (scene) => {
    await scene.client().run(`DROP TABLE ${scene.client().table('_rejects')}`);
    await scene.client().run(`DROP TABLE ${scene.client().table('goods_merge')}`);
    await scene.commit({ of: inAllModes(), rejected });
  },
  'a table that is dropped, and comes back': async (scene) => {
    await scene.commit({ of: filled('passing', { id: 'string' }, { rows: [] }) });
    await scene.warehouse().dropEmptyTable('passing');
    await scene.commit({ of: filled('passing', { id: 'int64' }) });
  },
  'a dataset that has defaults for its tables': async (scene) => {
    const day = { defaultTableExpirationMs: '86400000', defaultPartitionExpirationMs: '86400000' };
    scene.recorder.dataset = { location: 'EU', ...day, defaultCollation: 'und:ci' };
    const lasting = filled('lasting', { id: 'string', day: 'date' }, { partitionBy: 'day' });
    await scene.commit({ of: lasting });
    await scene.commit({ of: { ...lasting, columns: { id: 'string', day: 'string' } } });
    scene.recorder.dataset = { location: 'EU' };
  },
  'the ledger of an earlier version': async (scene) => {
    const ledger = scene.recorder.tables.get('_loads');
    if (ledger) ledger.fields = ledger.fields.filter(({ name }) => name !== 'files' && name !== 'warnings');
    await scene.commit({ of: goods('append') });
  },
};

/** Report types whose tables the packaged views read, and some of each load mode. */
export function packagedTypes({ schemas, views }: Scene): string[] {
  const viewed = new Set(views.flatMap(tablesOf));
  const all = [...schemas.values()].filter(({ tables }) => tables.length > 0);
  const ofViews = all.filter(({ tables }) => tables.some(({ name }) => viewed.has(name)));
  const some = Object.keys(modes).flatMap((mode) =>
    all.filter(({ tables }) => tables.some(({ load }) => load.mode === mode)).slice(0, 3),
  );
  return [...new Set([...ofViews, ...some].map(({ reportType }) => reportType))];
}

/** The names of the tables that a view reads, also through other views. */
function tablesOf({ tables }: View): string[] {
  return tables.flat().flatMap(({ name, view }) => (view ? tablesOf(view) : [name]));
}

export const packaged: Record<string, Step> = {
  'the first documents of packaged report types': async (scene) =>
    scene.commit(
      ...packagedTypes(scene).map((reportType) => ({ reportType, of: scene.tablesOf(reportType) })),
    ),
  'views of tables with a wider column': async (scene) => {
    const [view] = scene.views;
    const table = view?.tables.flat()[0]?.name;
    const type =
      packagedTypes(scene).find((each) => scene.tablesOf(each).some(({ name }) => name === table)) ?? '';
    const wider = scene.tablesOf(type).map((each) => ({
      ...each,
      columns: Object.fromEntries(
        Object.entries(each.columns).map(([name, text]) => [
          name,
          text.startsWith('decimal') ? 'decimal(38,12)' : text,
        ]),
      ),
    }));
    await scene.commit({ reportType: type, of: wider });
  },
};
