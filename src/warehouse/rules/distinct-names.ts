/** Names of columns of which none is there twice: the second `a` becomes `a_1`. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set(names);
  const given = new Set<string>();
  return names.map((name) => {
    let distinct = name;
    for (let count = 1; given.has(distinct); count += 1) {
      const candidate = `${name}_${count}`;
      if (!taken.has(candidate)) distinct = candidate;
    }
    given.add(distinct);
    return distinct;
  });
}
