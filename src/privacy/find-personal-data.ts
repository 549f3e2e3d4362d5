import { type Warning, warning } from '../errors/warnings.js';
import { type DocumentStream, withResult } from '../parse/document-stream.js';
import type { ParsedBatch, ParsedTable } from '../parse/types.js';
import { personalColumns } from '../schema/personal-data.js';
import type { ReportSchema, ResolvedColumn } from '../schema/types.js';
import { ReadAgain } from '../source/read-again.js';
import { pluralize } from '../text/pluralize.js';
import { PersonalTextFinder } from './personal-texts.js';

/** Columns that were found to contain personal data, by table. */
export type FoundColumns = ReadonlyMap<string, readonly string[]>;

/** Says that columns contain personal data, which has to be known before any row is written. */
export interface PersonalDataHint {
  kind: 'personal-data';
  columns: FoundColumns;
}

/**
 * The same document with a mark on each column that no schema knows and that contains personal
 * data, by its name or by its values. Text columns that the schema does not know are examined as
 * the rows pass. `known`: what earlier attempts to read the document found. If the personal data
 * `isTreated`, a find ends the attempt: rows before it would be written as they are.
 * Errors: ReadAgain<PersonalDataHint>, from the batches.
 */
export function findPersonalData(
  stream: DocumentStream,
  schema: ReportSchema | undefined,
  { known = new Map(), isTreated }: { known?: FoundColumns; isTreated: boolean },
): DocumentStream {
  const found = new Map([...known].map(([table, columns]) => [table, [...columns]]));
  const mark = (table: ParsedTable) => marked(table, schema, found.get(table.name) ?? []);
  const finders = new Map(stream.tables.map((table) => [table.name, findersOf(mark(table))]));
  if ([...finders.values()].every((ofTable) => ofTable.length === 0)) return stream;
  return withResult({ ...stream, tables: stream.tables.map(mark), batches: examined() }, (parsed) => ({
    ...parsed,
    tables: parsed.tables.map(mark),
    warnings: [...(parsed.warnings ?? []), ...[...finders].flatMap(warningsOf)],
  }));

  async function* examined(): AsyncGenerator<ParsedBatch> {
    for await (const parsed of stream.batches) {
      const { children } = parsed.batch.data;
      for (const { column, index, finder } of finders.get(parsed.table) ?? []) {
        const data = children[index];
        if (data) finder.add(data);
        const ofTable = found.get(parsed.table) ?? [];
        if (!finder.isPersonal() || ofTable.includes(column.name)) continue;
        found.set(parsed.table, [...ofTable, column.name]);
        if (isTreated && !column.pii)
          throw new ReadAgain(hint(), 'a column turned out to contain personal data');
      }
      yield parsed;
    }
  }

  function hint(): PersonalDataHint {
    return { kind: 'personal-data', columns: found };
  }
}

interface ColumnFinder {
  column: ResolvedColumn;
  index: number;
  finder: PersonalTextFinder;
}

/** The columns of a table whose texts are examined. */
function findersOf({ columns }: ParsedTable): ColumnFinder[] {
  return columns.flatMap((column, index) =>
    column.origin === 'schema' ? [] : { column, index, finder: new PersonalTextFinder() },
  );
}

function marked(table: ParsedTable, schema: ReportSchema | undefined, found: readonly string[]): ParsedTable {
  const names = table.columns.filter(({ origin }) => origin !== 'schema').map(({ name }) => name);
  const personal = new Set(personalColumns(schema, table.name, names, found));
  if (personal.size === 0) return table;
  const columns = table.columns.map((column) =>
    column.origin !== 'schema' && personal.has(column.name) ? { ...column, pii: true as const } : column,
  );
  return { ...table, columns };
}

function warningsOf([table, finders]: [string, ColumnFinder[]]): Warning[] {
  return finders.flatMap(({ column, finder: { found } }) => {
    const parts = [
      ...(found.emails > 0 ? [`e-mail addresses in ${pluralize(found.emails, 'value')}`] : []),
      ...(found.phones > 0 ? [`telephone numbers in ${pluralize(found.phones, 'value')}`] : []),
    ];
    if (parts.length === 0) return [];
    return [warning('PERSONAL_DATA_FOUND', { column: column.name, table, found: parts.join(' and ') })];
  });
}
