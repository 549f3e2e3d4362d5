/** BigQuery allows 300 UTF-16 units. A character takes at most two, and a suffix needs room. */
const maxCharacters = 125;

/**
 * Pattern of the names of columns and tables: snake_case of lower-case letters and digits of any
 * script, beginning with a letter. Such names are valid in DuckDB and BigQuery and never clash with
 * lineage columns, which begin with `_`.
 */
export const namePattern = /^[\p{Ll}\p{Lo}\p{Lm}][\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}_]{0,299}$/u;

/**
 * The last suffix used for each base name, so that a header that repeats a thousand times is not
 * counted from 2 each time.
 */
const repeats = new WeakMap<Set<string>, Map<string, number>>();

/**
 * Returns a valid column name for any header: lower-case, words joined by `_`, letters and digits
 * of every script kept. `Warehouse-Condition-code` becomes `warehouse_condition_code`. A name that
 * is in `taken` gets a suffix, `_2`, `_3`; the result is added to `taken`.
 * @param taken Names in use, all lower-case.
 * @param position Position of the header in its line, from 1. A header without letters or digits at
 *   the third position becomes `column_3`.
 */
export function snakeCaseName(header: string, taken: Set<string>, position = taken.size + 1): string {
  const words = header
    .normalize('NFKC')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll}{2})/gu, '$1_$2')
    .toLowerCase()
    .normalize('NFKC')
    .replace(/[^\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  const short = [...words].slice(0, maxCharacters).join('').replace(/_+$/, '');
  const base = short === '' ? `column_${position}` : namePattern.test(short) ? short : `column_${short}`;
  const counts = repeats.get(taken) ?? new Map<string, number>();
  repeats.set(taken, counts);
  let name = base;
  while (taken.has(name)) {
    const count = (counts.get(base) ?? 1) + 1;
    counts.set(base, count);
    name = `${base}_${count}`;
  }
  taken.add(name);
  return name;
}

/**
 * Returns a header without case, blanks, `-` and `_`. Headers with the same result refer to the
 * same column.
 */
export function looseHeader(header: string): string {
  return header.toLowerCase().replace(/[\s_-]+/g, '');
}
