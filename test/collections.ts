import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));

/**
 * Documents and models that the program is compared with: a small collection in every clone, and a
 * larger one beside the repository that only some machines have.
 */
const collections = {
  small: join(repository, 'test/fixtures/collection'),
  large: join(repository, '../shared'),
};
export type CollectionSize = keyof typeof collections;

/**
 * Defines tests on a part of each collection. If a collection lacks the part, a pending test says
 * so.
 */
export function onEachCollection(part: string, define: (path: string, size: CollectionSize) => void): void {
  for (const [size, folder] of Object.entries(collections) as [CollectionSize, string][]) {
    const path = join(folder, part);
    if (existsSync(path)) define(path, size);
    else
      it(
        `compares with ${part} of the ${size} collection: pending, as there is no ${relative(repository, path)}`,
      );
  }
}
