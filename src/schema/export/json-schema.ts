import type { JsonSchema } from '../../yaml/spec-reference.js';
import type { ColumnType } from '../types.js';
import type { ExportColumn, ExportTable } from './tables.js';

/** A JSON Schema, with the keywords that zod does not write. */
export interface RowSchema extends JsonSchema {
  title: string;
}

/**
 * Returns the JSON Schema (draft 7) of a row as `sp-reports query --json` prints it: decimals and
 * 64-bit integers are text, times are ISO 8601 in UTC. It allows columns that documents add to
 * those of the report schema.
 */
export function rowSchema({ name, description, columns }: ExportTable): RowSchema {
  return {
    title: name,
    description,
    type: 'object',
    properties: Object.fromEntries(columns.map((column) => [column.name, columnSchema(column)])),
    required: columns.map((column) => column.name),
    additionalProperties: true,
  };
}

function columnSchema({ type, filled, description }: ExportColumn): JsonSchema {
  const value = valueSchema(type);
  if (value.type === undefined) return { description };
  return { description, ...value, type: filled === 'always' ? value.type : [value.type, 'null'].flat() };
}

function valueSchema(type: ColumnType): JsonSchema & { format?: string } {
  switch (type.kind) {
    case 'string':
      return { type: 'string' };
    case 'int64':
      return { type: 'string', pattern: '^-?\\d+$' };
    case 'decimal':
      return { type: 'string', pattern: type.scale > 0 ? `^-?\\d+\\.\\d{${type.scale}}$` : '^-?\\d+$' };
    case 'float64':
      return { type: 'number' };
    case 'bool':
      return { type: 'boolean' };
    case 'date':
      return { type: 'string', format: 'date' };
    case 'timestamp':
      return { type: 'string', format: 'date-time' };
    case 'json':
      return {};
    case 'list': {
      const item = valueSchema(type.item);
      return { type: 'array', items: { ...item, type: [item.type ?? [], 'null'].flat() } };
    }
  }
}
