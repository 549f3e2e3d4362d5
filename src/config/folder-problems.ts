import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { YamlProblem, YamlFile } from '../yaml/read-yaml.js';
import { valueAt, type YamlPath } from '../yaml/spec-issues.js';
import { hasScheme } from '../store/bucket-url.js';
import { configSpec } from './spec.js';

/** Where something is kept, and the key that says it. */
interface Place {
  key: YamlPath;
  path: string;
}

/**
 * Places that would do each other harm: in the lake, among the raw documents and in place of the warehouse file there may be nothing else,
 * as the program takes what it finds there for its own.
 */
export function folderProblems({ data, problemAt }: YamlFile<unknown>, folder: string): YamlProblem[] {
  if (typeof data !== 'object' || data === null) return [];
  const keys = [['lake'], ['raw'], ['warehouse', 'path'], ['state'], ['schemas']];
  const places = keys.flatMap((key): Place[] => {
    const path = valueAt(data, key) ?? valueAt(configSpec.parse({}), key);
    return typeof path === 'string' && path !== '' ? [{ key, path }] : [];
  });
  const isWritten = ({ key }: Place) => valueAt(data, key) !== undefined;
  const problems: YamlProblem[] = [];
  for (const [index, owner] of places.slice(0, 3).entries()) {
    for (const [position, other] of places.entries()) {
      const way = wayFrom(owner.path, other.path, folder);
      const isInside =
        other !== owner &&
        way !== undefined &&
        way !== '..' &&
        !way.startsWith(`..${sep}`) &&
        !isAbsolute(way);
      // Two that are the same are told of once.
      if (!isInside || (way === '' && position < index)) continue;
      const relation = way === '' ? 'is the same place as' : isWritten(other) ? 'is inside' : 'holds';
      const [at, than] = isWritten(other) ? [other, owner] : [owner, other];
      problems.push(
        problemAt(
          at.key,
          `"${at.path}" ${relation} ${than.key.join('.')} ("${than.path}"); give each a place of its own`,
        ),
      );
    }
  }
  return problems;
}

/** The relative path from one place to another; undefined between a folder and a bucket. */
function wayFrom(owner: string, other: string, folder: string): string | undefined {
  if (hasScheme(owner) !== hasScheme(other)) return undefined;
  if (!hasScheme(owner)) return relative(resolve(folder, owner), resolve(folder, other));
  // As paths, for names in a bucket are inside each other in the same way.
  const asPath = (url: string) => resolve('/', url.replace('://', '/'));
  return relative(asPath(owner), asPath(other));
}
