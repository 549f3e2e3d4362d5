import type { ColumnType } from '../../schema/types.js';
import { castType } from './column-types.js';

/**
 * SQL that converts text to a type, and is NULL for a text that does not fit. PostgreSQL has no
 * such cast before version 16, so the text is compared with a pattern first.
 */
export function tryCast(text: string, type: ColumnType): string {
  const cast = `CAST(${text} AS ${castType(type)})`;
  const numeric = `CAST(${text} AS numeric)`;
  const plainNumber = `${text} ~ '^ *[+-]?([0-9]{1,60}([.][0-9]{0,60})?|[.][0-9]{1,60}) *$'`;
  const date = `${text} ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])' AND ${isDay(text)}`;
  switch (type.kind) {
    case 'int64':
      return when(
        [plainNumber, `ROUND(${numeric}) BETWEEN -9223372036854775808 AND 9223372036854775807`],
        `CAST(ROUND(${numeric}) AS bigint)`,
      );
    case 'decimal': {
      const limit = `1${'0'.repeat(type.precision - type.scale)}`;
      return when([plainNumber, `ABS(ROUND(${numeric}, ${type.scale})) < ${limit}`], cast);
    }
    case 'float64':
      return when(
        [`${text} ~ '^ *[+-]?([0-9]{1,60}([.][0-9]{0,60})?|[.][0-9]{1,60})([eE][+-]?[0-9]{1,2})? *$'`],
        cast,
      );
    case 'bool':
      return when([`LOWER(${text}) IN ('true', 'false', 't', 'f', 'yes', 'no', 'y', 'n', '1', '0')`], cast);
    case 'date':
      return when([date, `${text} ~ '^.{10}([T ]|$)'`], `CAST(SUBSTR(${text}, 1, 10) AS date)`);
    case 'timestamp':
      return when(
        [
          date,
          `${text} ~ '^.{10}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?)?$'`,
        ],
        // Without an offset, PostgreSQL would take the time zone of the reader.
        `CASE WHEN ${text} ~ '^.{10}[T ].*(Z|[+-][0-9:]{2,5})$' THEN ${cast} ELSE CAST(${text} AS timestamp) AT TIME ZONE 'UTC' END`,
      );
    default:
      return cast;
  }
}

/** Whether the day exists in its month; the digits are checked before. */
function isDay(text: string): string {
  const year = `CAST(SUBSTR(${text}, 1, 4) AS integer)`;
  const month = `SUBSTR(${text}, 6, 2)`;
  const isLeap = `(${year} % 4 = 0 AND (${year} % 100 <> 0 OR ${year} % 400 = 0))`;
  const days = `CASE WHEN ${month} IN ('04', '06', '09', '11') THEN 30 WHEN ${month} = '02' THEN CASE WHEN ${isLeap} THEN 29 ELSE 28 END ELSE 31 END`;
  return `CASE WHEN ${text} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' THEN CAST(SUBSTR(${text}, 9, 2) AS integer) <= ${days} AND ${year} > 0 ELSE FALSE END`;
}

/** Conditions of a CASE are computed in order; those of AND are not. */
function when(conditions: string[], value: string): string {
  return conditions.reduceRight((then, condition) => `CASE WHEN ${condition} THEN ${then} END`, value);
}
