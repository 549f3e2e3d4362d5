/** Joins names by commas; of more than `maxNames`, the first ones, as in `a, b and 3 more`. */
export function listNames(names: string[], maxNames: number): string {
  const more = names.length - maxNames;
  return more > 0 ? `${names.slice(0, maxNames).join(', ')} and ${more} more` : names.join(', ');
}
