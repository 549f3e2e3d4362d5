import { DuckDBInstance } from '@duckdb/node-api';
import { ledgerColumns } from '../../../src/warehouse/ledger/ledger-columns.js';

type Row = Record<string, unknown>;
type Cell = string | null | { v: unknown }[];

/** The API's name for each kind of ledger value. */
const apiTypes = { text: 'STRING', list: 'STRING', time: 'TIMESTAMP', count: 'INTEGER', json: 'JSON' };
const kinds = new Map(ledgerColumns.map(({ column, kind }) => [column, kind]));

/** The rows that the program plans from: `_state` by its statements, `_loads` by its files. */
export class RecordedRows {
  private readonly state = new Map<string, { version: number; body: string }>();
  private readonly loads = new Map<string, Row>();
  private readonly files = new Map<string, string>();

  stage(table: string, file: string): void {
    this.files.set(table, file);
  }

  /** Returns what a script selects last: all conditions hold, unless another commit came first. */
  async run(statements: string[]): Promise<string | undefined> {
    if (
      statements.some((each) => /^CREATE TABLE IF NOT EXISTS `[^`]+\._state`[\s\S]* AS SELECT /.test(each)) &&
      !this.state.has('')
    ) {
      this.state.set('', { version: 0, body: '' });
    }
    const planned = statements.flatMap((each) => /^UPDATE .* AND version = (\d+)$/.exec(each)?.[1] ?? []);
    const outcome = statements.flatMap((each) => /^SELECT '(\w+)' AS outcome$/.exec(each)?.[1] ?? [])[0];
    if (planned.length === 0) return outcome;
    const own = this.state.get('');
    if (own?.version !== Number(planned[0])) return 'changed';
    own.version += 1;
    for (const statement of statements) await this.change(statement);
    return outcome;
  }

  private async change(statement: string): Promise<void> {
    const [, verb, table, rest = ''] =
      /^(DELETE FROM|INSERT INTO) `[^`.]+\.(_state|_loads)`([\s\S]*)$/.exec(statement) ?? [];
    if (verb === 'DELETE FROM') {
      for (const key of literalsOf(rest)) (table === '_state' ? this.state : this.loads).delete(key);
    } else if (table === '_state') {
      const values = literalsOf(rest);
      for (let at = 0; at < values.length; at += 3) {
        this.state.set(values[at] as string, { version: 0, body: values[at + 2] as string });
      }
    } else if (table === '_loads') {
      const staged = /FROM `[^`.]+\.(_staging_\w+)`/.exec(rest)?.[1] ?? '';
      for (const row of await readParquet(this.files.get(staged) as string))
        this.loads.set(String(row.key), row);
    }
  }

  /** A page of rows: those that the program plans from, and none of all others. */
  answer(sql: string, outcome: string | undefined): { schema: object; rows: object[] } {
    if (outcome) return page([{ name: 'outcome', type: 'STRING' }], [[outcome]]);
    if (/^SELECT name, version, body FROM/.test(sql)) {
      return page(
        [],
        [...this.state].map(([name, { version, body }]) => [name, String(version), body]),
      );
    }
    const [, listed = '', names, rest = ''] =
      /^SELECT (\*|key, [\w, ]*?)(, TO_JSON_STRING\(.*?\) AS names)?\s+FROM `[^`]+\._loads`([\s\S]*)$/.exec(
        sql,
      ) ?? [];
    if (listed === '') return page([], []);
    const columns = listed === '*' ? [...kinds.keys()] : listed.split(', ');
    if (names) columns.push('names');
    const keys = /key IN \(([^)]*)\)/.exec(rest)?.[1];
    const wanted = keys === undefined ? undefined : new Set(literalsOf(keys));
    const tables = [...rest.matchAll(/"name": \?"([^"]+)"/g)].map(([, name]) => name as string);
    const rows = [...this.loads].flatMap(([key, row]) => {
      const own = (JSON.parse(String(row.tables ?? '[]')) as { name: string }[]).map(({ name }) => name);
      const fills = tables.length === 0 || tables.some((name) => own.includes(name));
      const isWanted = wanted ? wanted.has(key) : fills;
      return isWanted ? { ...row, names: JSON.stringify(own) } : [];
    });
    const fields = columns.map((name) => ({
      name,
      type: apiTypes[kinds.get(name) ?? 'text'],
      mode: kinds.get(name) === 'list' ? 'REPEATED' : 'NULLABLE',
    }));
    return page(
      fields,
      rows.map((row: Row) => columns.map((name) => cellOf(name, row[name]))),
    );
  }
}

function page(fields: object[], rows: Cell[][]): { schema: object; rows: object[] } {
  return { schema: { fields }, rows: rows.map((cells) => ({ f: cells.map((v) => ({ v })) })) };
}

/** A value as the API writes it: lists of objects, times in microseconds. */
function cellOf(column: string, value: unknown): Cell {
  const kind = kinds.get(column);
  if (kind === 'list') return ((value ?? []) as unknown[]).map((v) => ({ v }));
  if (value === null || value === undefined) return null;
  if (kind !== 'time') return String(value);
  const [, second = '', fraction = ''] = /^([^.+]*)(?:\.(\d+))?/.exec(String(value)) ?? [];
  return String(Date.parse(`${second.replace(' ', 'T')}Z`) * 1000 + Number(fraction.padEnd(6, '0')));
}

function literalsOf(sql: string): string[] {
  const escapes: Record<string, string> = { n: '\n', r: '\r' };
  return [...sql.matchAll(/'((?:[^'\\]|\\.)*)'/g)].map(([, inner = '']) =>
    inner.replace(/\\(.)/g, (_, escaped: string) => escapes[escaped] ?? escaped),
  );
}

async function readParquet(file: string): Promise<Row[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run("SET TimeZone = 'UTC'");
  const rows = await connection.runAndReadAll(`SELECT * FROM read_parquet('${file}')`);
  connection.closeSync();
  return rows.getRowObjectsJson() as Row[];
}
