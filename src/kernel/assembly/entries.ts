import { setBit } from './bits';

/**
 * Converts entries of a dictionary into the indices and the bitmap of an Arrow array, in place; -1
 * becomes a null.
 *
 * @param indices For each entry its index in the dictionary of the array, -1 for a null; 0 if the
 * entries are the indices.
 * @param validity Bitmap of zeros.
 * @returns The number of nulls.
 */
export function settleEntries(entries: usize, count: i32, indices: usize, validity: usize): i32 {
  let nulls = 0;
  for (let row = 0; row < count; row += 1) {
    const at = entries + ((<usize>row) << 2);
    let entry = load<i32>(at);
    if (entry >= 0 && indices !== 0) entry = load<i32>(indices + ((<usize>entry) << 2));
    if (entry >= 0) {
      setBit(validity, row);
    } else {
      entry = 0;
      nulls += 1;
    }
    store<i32>(at, entry);
  }
  return nulls;
}

/** Counts the rows of each entry; `counts` must be zeros. */
export function countEntries(entries: usize, count: i32, counts: usize): void {
  for (let row = 0; row < count; row += 1) {
    const entry = load<i32>(entries + ((<usize>row) << 2));
    if (entry < 0) continue;
    const at = counts + ((<usize>entry) << 2);
    store<i32>(at, load<i32>(at) + 1);
  }
}
