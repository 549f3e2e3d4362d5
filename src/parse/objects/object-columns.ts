import type { DocumentLimits } from '../../config/documents-spec.js';
import { listOf } from '../../schema/column-type.js';
import { looseHeader } from '../../schema/column-name.js';
import { separator, shownPath } from '../../schema/object-path.js';
import type { ColumnType, ResolvedColumn, TableSchema } from '../../schema/types.js';
import { resolveHeader } from '../layout/header.js';
import { checkColumns } from '../limits.js';
import { TypeInference } from '../values/infer-types.js';
import { type Leaf, scalarRow } from './leaves.js';
import { listItems } from '../values/lists.js';
import { readNumber } from '../values/numbers.js';
import type { ValueRules } from '../values/values.js';

/** The columns of a table of objects, and which column the values of a row belong to. */
export interface ObjectColumns {
  columns: ResolvedColumn[];
  /** For each path its index in `columns`. */
  columnIndexes: Map<string, number>;
  notes: string[];
}

/**
 * Records which paths the rows of one table have, and what they hold. Without a schema, types are
 * inferred from that.
 */
export class ObjectSurvey {
  private readonly found = new Map<string, PathValues>();
  private readonly nulls = new Set<string>();
  private readonly declared: Set<string>;
  private readonly declaredLoosely: Set<string>;
  rows = 0;

  constructor(
    private readonly limits: DocumentLimits,
    private readonly schema?: TableSchema,
  ) {
    this.declared = new Set(
      schema?.columns.flatMap(({ from }) => from.map((text) => text.replaceAll('.', separator))),
    );
    this.declaredLoosely = new Set([...this.declared].map(looseHeader));
  }

  addRow(leaves: Leaf[]): void {
    if (!this.takesScalars() && scalarRow(leaves) !== undefined) return;
    this.rows += 1;
    for (const leaf of leaves) this.add(leaf);
  }

  /** Whether a column of the schema names this path, so that its values need no inspection. */
  isDeclared(path: string): boolean {
    return this.declared.has(path);
  }

  /** Whether a row may be a single value: none of a schema that does not say so. */
  takesScalars(): boolean {
    return !this.schema || this.schema.columns.some(({ from }) => from.includes('.'));
  }

  /** Whether the values at a path are text, whatever follows. */
  isText(path: string): boolean {
    const values = this.found.get(path);
    return values !== undefined && (values.kinds.size > 1 || values.inference.isText());
  }

  /** Whether no row has a value. */
  isEmpty(): boolean {
    return this.found.size === 0;
  }

  columns(rules: ValueRules): ObjectColumns {
    // A path with only nulls is a column only if the schema has it.
    const nulls = [...this.nulls].filter(
      (path) => !this.found.has(path) && this.declaredLoosely.has(looseHeader(path)),
    );
    const paths = [...this.found.keys(), ...nulls];
    const { columns, positions, notes } = resolveHeader(
      paths.map(shownPath),
      this.schema?.columns,
      splitWords,
    );
    const columnIndexes = new Map(paths.map((path, index) => [path, positions[index] ?? 0]));
    for (const [path, index] of columnIndexes) {
      const column = columns[index];
      const values = this.found.get(path);
      if (column && values && column.origin !== 'schema') column.type = inferredType(values, rules);
    }
    return { columns, columnIndexes, notes: this.rows > 0 ? notes : [] };
  }

  add({ path, text, kind }: Leaf): void {
    this.note(path, kind);
    if (kind !== 'none' && !this.declared.has(path)) this.infer(path, text);
  }

  /** Records that a path has a value of this kind. Errors: LimitExceeded. */
  note(path: string, kind: Leaf['kind']): void {
    if (kind === 'none') {
      this.nulls.add(path);
      checkColumns(this.nulls.size, this.limits);
      return;
    }
    const values = this.found.get(path);
    if (values) values.kinds.add(kind);
    else {
      this.found.set(path, { ...noValues(), kinds: new Set([kind]), items: noValues() });
      checkColumns(this.found.size, this.limits);
    }
  }

  /** Records the text of a value whose kind was noted. */
  infer(path: string, text: string): void {
    const values = this.found.get(path);
    if (values?.kinds.has('json')) addItems(values, text);
    else values?.inference.add(values.kinds.has('number') ? plainNumber(text) : text);
  }
}

interface Values {
  kinds: Set<Leaf['kind']>;
  inference: TypeInference;
}

/** What the rows have at a path. */
interface PathValues extends Values {
  /** What its lists hold; undefined if one of them contains lists or objects. */
  items: Values | undefined;
}

function noValues(): Values {
  return { kinds: new Set(), inference: new TypeInference('') };
}

function addItems(values: PathValues, text: string): void {
  if (!values.items) return;
  const items = listItems(text);
  if (!items) values.items = undefined;
  for (const { kind, text: written } of items ?? []) {
    if (kind === 'none') continue;
    values.items?.kinds.add(kind);
    values.items?.inference.add(kind === 'number' ? plainNumber(written) : written);
  }
}

/** Numbers in JSON may have an exponent, unlike those written by people. */
function plainNumber(text: string): string {
  return /[eE]/.test(text) ? (readNumber(text, '.') ?? text) : text;
}

/** `salesByDate` is three words. */
export function splitWords(name: string): string {
  // A row that is no object is a single value.
  if (name === '.') return 'value';
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2');
}

/**
 * Lists of single values of one kind become lists of their narrowest type. Other lists, and
 * objects, are JSON.
 */
function inferredType(values: PathValues, rules: ValueRules): ColumnType {
  const isJson = values.kinds.has('json') && values.kinds.size === 1;
  if (!isJson) return scalarType(values, rules);
  const { items } = values;
  if (!items || items.kinds.size > 1) return { kind: 'json' };
  return listOf(scalarType(items, rules)) ?? { kind: 'json' };
}

/**
 * Text becomes a date if all values are dates. Otherwise it stays text, even if it looks like a
 * number.
 */
function scalarType({ kinds, inference }: Values, { decimalMark, dateOrder }: ValueRules): ColumnType {
  const [kind] = kinds;
  if (kinds.size !== 1 || kind === undefined) return { kind: 'string' };
  if (kind === 'bool') return { kind };
  const type = inference.type(decimalMark, dateOrder);
  if (kind === 'number') return type;
  return type.kind === 'date' || type.kind === 'timestamp' ? type : { kind: 'string' };
}
