import { exportTables } from '../../src/schema/export/tables.js';
import type { ColumnType, ReportSchemas } from '../../src/schema/types.js';
import { columnTypeText } from '../../src/schema/column-type.js';
import { lineage } from '../../src/schema/lineage.js';
import type { Load, Warehouse } from '../../src/warehouse/types.js';
import { makeLoad } from './make-load.js';

/**
 * Loads for every table of the report schemas, by their load mode and key: an older report, a newer
 * one with some of its keys, and one of another seller.
 */
export async function loadsOfAllSchemas(folder: string, schemas: ReportSchemas): Promise<Load[]> {
  const own = new Set<string>(lineage.map(({ name }) => name));
  const columnsOf = new Map(exportTables(schemas.values()).map((table) => [table.name, table.columns]));
  const loads: Load[] = [];
  for (const schema of schemas.values()) {
    for (const [document, firstRow, sellerId] of [
      [1, 0, 'A1'],
      [2, 3, 'A1'],
      [3, 1, 'B2'],
    ] as const) {
      const tables = schema.tables.map(({ name, load }) => {
        const columns = (columnsOf.get(name) ?? []).filter((column) => !own.has(column.name));
        const types = columns.map((column) => [column.name, columnTypeText(column.type)]);
        const row = (index: number) =>
          columns.map((column, at) => [
            column.name,
            textOf(column.type, index, load.key.includes(column.name) ? 0 : document * 100 + at),
          ]);
        return {
          ...{ name, mode: load.mode, key: load.key },
          columns: Object.fromEntries(types) as Record<string, string>,
          rows: Array.from({ length: 5 }, (_, index) => Object.fromEntries(row(firstRow + index))),
        };
      });
      const ids = { documentId: `${schema.reportType}-${document}`, reportId: String(document), sellerId };
      const about = { reportType: schema.reportType, marketplaceIds: ['A1PA6795UKMFR9'] };
      const madeAt = `2026-10-0${document}T00:00:00.000Z`;
      const times = { reportCreatedAt: madeAt, dataStart: madeAt, dataEnd: madeAt };
      loads.push(await makeLoad(folder, { ...ids, ...about, ...times }, tables));
    }
  }
  return loads;
}

/** A value of a type as text; NULL for some, unless it is of a key. */
function textOf(type: ColumnType, row: number, salt: number): string | null {
  const number = row * 7 + salt;
  if (salt > 0 && number % 11 === 0) return null;
  switch (type.kind) {
    case 'int64':
      return String(number);
    case 'decimal':
      return `${number % 10 ** Math.min(3, type.precision - type.scale)}${type.scale > 0 ? '.5' : ''}`;
    case 'float64':
      return `${number}.25`;
    case 'bool':
      return String(number % 2 === 0);
    case 'date':
      return `2026-0${(number % 9) + 1}-1${row % 10}`;
    case 'timestamp':
      return `2026-0${(number % 9) + 1}-1${row % 10}T23:30:0${number % 10}.${String(number % 1000).padStart(3, '0')}001Z`;
    case 'json':
      return JSON.stringify({ b: [number, 1.5], a: "it's\n“é”" });
    case 'list':
      return JSON.stringify([textOf(type.item, row, 0), null, textOf(type.item, row + 1, 0)]);
    default:
      return ['', `Größe ${number}`, `"a", \\b\t${number}`, `${number}\r\n,;`][number % 4] ?? '';
  }
}

/** The rows of a table or view, in an order of their own, without the times of loads. */
export async function contentOf(warehouse: Warehouse, name: string): Promise<string[]> {
  const { columns, rows } = await warehouse.query(`SELECT * FROM ${name}`);
  const names = columns.map((column) => column.name).filter((each) => each !== '_loaded_at');
  return rows.map((row) => JSON.stringify(names.map((each) => [each, plain(row[each])]))).sort();
}

/** Computed numbers have another type, or more zeros, in another warehouse. */
function plain(value: unknown): unknown {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
  return isNumber ? Number(Number(value).toPrecision(12)) : value;
}
