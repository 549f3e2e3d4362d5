import type { YamlFile, YamlProblem } from '../yaml/read-yaml.js';

/**
 * Finds pipelines of one queue that load the same report types. A message goes to whichever of them
 * receives it first, so that neither its schedule nor its limits can be relied on.
 */
export function overlapProblems({ data, problemAt }: YamlFile<unknown>): YamlProblem[] {
  const pipelines = (data as { pipelines?: unknown } | null | undefined)?.pipelines;
  if (!Array.isArray(pipelines)) return [];
  const named = pipelines.map((each) => ({
    name: String(each?.name),
    queue: each?.queue as unknown,
    written: each?.reportTypes as unknown,
    types: [each?.reportTypes ?? '*'].flat().filter((type) => typeof type === 'string'),
  }));
  return named.flatMap(({ queue, types, written }, index) => {
    const earlier = named.slice(0, index).find((each) => {
      return queue !== undefined && each.queue === queue && overlapOf(each.types, types) !== undefined;
    });
    const [theirs, own] = (earlier && overlapOf(earlier.types, types)) ?? [];
    if (!earlier || theirs === undefined || own === undefined) return [];
    const both =
      theirs === own
        ? `${own} is also in pipeline ${earlier.name}`
        : `${own} overlaps with ${theirs} of pipeline ${earlier.name}`;
    const message = `${both}, which drains the same queue: a message goes to whichever receives it first; give each type to one of them, or use two queues`;
    const at = written === undefined ? 'queue' : 'reportTypes';
    return [problemAt(['pipelines', index, at], message)];
  });
}

/** Two patterns that a report type can match both of. */
function overlapOf(a: string[], b: string[]): [string, string] | undefined {
  for (const one of a) for (const other of b) if (doPatternsMeet(one, other)) return [one, other];
  return undefined;
}

/** Whether some text matches both patterns, in which `*` stands for any text. */
export function doPatternsMeet(a: string, b: string): boolean {
  // Row i, column j: whether the first i characters of a and the first j of b can meet.
  let row = [true];
  for (let j = 1; j <= b.length; j++) row[j] = Boolean(row[j - 1]) && b[j - 1] === '*';
  for (let i = 1; i <= a.length; i++) {
    const next = [Boolean(row[0]) && a[i - 1] === '*'];
    for (let j = 1; j <= b.length; j++) {
      const isAny = a[i - 1] === '*' || b[j - 1] === '*';
      next[j] = isAny
        ? Boolean(row[j]) || Boolean(next[j - 1])
        : Boolean(row[j - 1]) && a[i - 1] === b[j - 1];
    }
    row = next;
  }
  return Boolean(row[b.length]);
}
