import { type CheckResult, checkWarnings } from '../../schema/document-checks.js';
import { headerDrift } from '../../schema/drift.js';
import { type Findings, joinFindings } from '../../schema/findings.js';
import type { ReportSchema } from '../../schema/types.js';
import type { ExaminedDocument } from '../../source/types.js';
import { parseDocument } from '../parse-document.js';
import { type ParseHint, readWithHints } from '../parse-hint.js';
import { profileDocument, type RejectProfile, type TableProfile } from './profile.js';
import { KeyCheck } from './row-keys.js';

/** How a document and a report schema fit. */
export interface SampleCheck extends Required<Findings> {
  tables: TableCheck[];
  rejects: RejectProfile[];
  /** Totals stated in the document, compared with its rows. */
  checks: CheckResult[];
  /**
   * No value rejected, no warning, no unknown header, and no duplicate key in a `merge` table.
   */
  isWell: boolean;
}

export interface TableCheck {
  name: string;
  rows: number;
  /** Headers that become additional columns. */
  unknownHeaders: string[];
  /** Columns of the schema without a header. */
  missingColumns: string[];
  /** Columns of the schema that have a header, but no value in any row. */
  emptyColumns: string[];
  /** Absent if the load mode has no key. */
  key?: {
    columns: string[];
    /** Rows whose key an earlier row already has. */
    doubledRows: number;
    examples: (string | null)[][];
  };
}

/**
 * Reads a document with a report schema and reports how they fit. Nothing is loaded.
 * Errors: those of `parseDocument`, such as HEADER_UNKNOWN.
 */
export function checkSample(document: ExaminedDocument, schema: ReportSchema): Promise<SampleCheck> {
  return readWithHints((hint) => checkOnce(document, schema, hint));
}

async function checkOnce(
  document: ExaminedDocument,
  schema: ReportSchema,
  hint: ParseHint | undefined,
): Promise<SampleCheck> {
  const stream = await parseDocument({ document, schema, engine: 'reference', hint });
  const keys = new Map<string, KeyCheck>();
  const { tables, rejects, checks } = await profileDocument(stream, ({ name, columns, load }) => {
    if (load.key.length === 0) return undefined;
    const check = new KeyCheck(columns, load.key);
    keys.set(name, check);
    return check;
  });
  const checked = tables.map((profile) => checkTable(profile, keys.get(profile.table.name)));
  const modes = new Map(tables.map(({ table }) => [table.name, table.load.mode]));
  const findings = joinFindings(document, stream.finish(), {
    notes: [],
    warnings: checkWarnings(checks),
  });
  const isWell =
    rejects.length === 0 &&
    findings.warnings.length === 0 &&
    checked.every(
      ({ name, unknownHeaders, key }) =>
        unknownHeaders.length === 0 && (modes.get(name) !== 'merge' || key?.doubledRows === 0),
    );
  return { tables: checked, rejects, checks, ...findings, isWell };
}

function checkTable({ table, rows, columns }: TableProfile, check: KeyCheck | undefined): TableCheck {
  const ofSchema = columns.filter(({ column }) => column.origin === 'schema');
  const { added = [], missing = [] } = headerDrift(table.columns);
  return {
    name: table.name,
    rows,
    unknownHeaders: added.map(({ header }) => header),
    missingColumns: missing,
    emptyColumns: ofSchema
      .filter(({ column, filled }) => rows > 0 && column.header !== undefined && filled === 0)
      .map(({ column }) => column.name),
    key: check && { columns: table.load.key, doubledRows: check.doubled, examples: check.examples },
  };
}
