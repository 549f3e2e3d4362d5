/**
 * Returns the candidate that a misspelled name most likely means; undefined if none is near. Case,
 * blanks, `-` and `_` are ignored; about one other mistake in three letters is tolerated.
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const { length } = plain(candidate);
    const forgiven = length < 3 ? 0 : Math.floor(length / 3);
    const distance = editDistance(plain(name), plain(candidate));
    if (distance <= forgiven && distance < (best?.distance ?? Infinity)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** Returns a text such as `; did you mean "schedule"?`, empty if no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const nearest = nearestName(name, candidates);
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '');
}

/**
 * Returns the number of insertions, deletions, substitutions and swaps of adjacent letters that
 * turn one word into the other.
 */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1] as number[];
      const change = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swap =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? (rows[i - 2]?.[j - 2] as number) + 1
          : Infinity;
      row.push(Math.min((above[j] as number) + 1, (row[j - 1] as number) + 1, change, swap));
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] as number;
}
