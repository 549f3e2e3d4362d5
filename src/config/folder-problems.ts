import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { YamlProblem, YamlFile } from '../yaml/read-yaml.js';
import { valueAt, type YamlPath } from '../yaml/spec-issues.js';
import { hasScheme } from '../store/bucket-url.js';
import { configSpec } from './spec.js';

/** A location, and the key that sets it. */
interface Location {
  key: YamlPath;
  path: string;
  /** Whether the program treats everything that it finds there as its own. */
  isOwn: boolean;
}

/**
 * Finds locations that would damage each other. The lake, the raw documents, the warehouse file and
 * its published copy must each be separate, because the program treats everything it finds there as
 * its own.
 */
export function folderProblems({ data, problemAt }: YamlFile<unknown>, folder: string): YamlProblem[] {
  if (typeof data !== 'object' || data === null) return [];
  const own = [['lake'], ['raw'], ['warehouse', 'path'], ['warehouse', 'publish', 'path']];
  const keys = [...own, ['state'], ['schemas']];
  const locations = keys.flatMap((key): Location[] => {
    const path = valueAt(data, key) ?? valueAt(configSpec.parse({}), key);
    return typeof path === 'string' && path !== '' ? [{ key, path, isOwn: own.includes(key) }] : [];
  });
  const isWritten = ({ key }: Location) => valueAt(data, key) !== undefined;
  const problems: YamlProblem[] = [];
  for (const [index, owner] of locations.filter(({ isOwn }) => isOwn).entries()) {
    for (const [position, other] of locations.entries()) {
      const way = wayFrom(owner.path, other.path, folder);
      const isInside =
        other !== owner &&
        way !== undefined &&
        way !== '..' &&
        !way.startsWith(`..${sep}`) &&
        !isAbsolute(way);
      // Two identical locations are reported once.
      if (!isInside || (way === '' && position < index)) continue;
      const relation = way === '' ? 'is the same as' : isWritten(other) ? 'is inside' : 'contains';
      const [at, than] = isWritten(other) ? [other, owner] : [owner, other];
      problems.push(
        problemAt(
          at.key,
          `"${at.path}" ${relation} ${than.key.join('.')} ("${than.path}"); use a separate location for each`,
        ),
      );
    }
  }
  return problems;
}

/**
 * Returns the relative path from one location to another; undefined between a folder and a bucket.
 */
function wayFrom(owner: string, other: string, folder: string): string | undefined {
  if (hasScheme(owner) !== hasScheme(other)) return undefined;
  if (!hasScheme(owner)) return relative(resolve(folder, owner), resolve(folder, other));
  // Names in a bucket are nested like paths.
  const asPath = (url: string) => resolve('/', url.replace('://', '/'));
  return relative(asPath(owner), asPath(other));
}
