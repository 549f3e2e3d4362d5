/** All names of a listing in pages, sorted. */
export async function sortedNames(pages: AsyncIterable<string[]>): Promise<string[]> {
  const all: string[] = [];
  for await (const page of pages) for (const name of page) all.push(name);
  return all.sort();
}
