/** BigQuery allows 300 UTF-16 units; a character is at most two, and a suffix needs room. */
const maxCharacters = 125;

/**
 * Names of columns and tables: snake_case of lower-case letters and digits of any script, beginning with a letter. Valid in
 * DuckDB and in BigQuery, and never one of the lineage columns, which begin with `_`.
 */
export const namePattern = /^[\p{Ll}\p{Lo}\p{Lm}][\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}_]{0,299}$/u;

/** How far the names of each base were counted, so that a header that repeats a thousand times is not counted from 2 each time. */
const repeats = new WeakMap<Set<string>, Map<string, number>>();

/**
 * A valid column name for any header: lower-case, words joined by `_`, letters and digits of every script kept. A name that is
 * in `taken` gets `_2`, `_3`; the result is added to `taken`. `Warehouse-Condition-code` is `warehouse_condition_code`.
 * @param taken Names in use, all lower-case.
 * @param position Place of the header in its line, from 1; a header without letters or digits in third place is `column_3`.
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

/** Two headers that differ only in case, blanks, `-` and `_` mean the same column; this is the same for both. */
export function looseHeader(header: string): string {
  return header.toLowerCase().replace(/[\s_-]+/g, '');
}
