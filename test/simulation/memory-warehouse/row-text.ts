/** A row as one text, in which NULL and a missing column are the same. Lineage is left out. */
export function rowText(row: Record<string, string | undefined>): string {
  const values = Object.entries(row).filter(([name, value]) => value !== undefined && !name.startsWith('_'));
  return JSON.stringify(values.sort(([a], [b]) => (a < b ? -1 : 1)));
}
