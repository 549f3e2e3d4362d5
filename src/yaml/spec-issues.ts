import type { z } from 'zod';
import { didYouMean, nearestName } from '../text/nearest-name.js';
import { alternatives, type JsonSchema } from './spec-reference.js';

/** Keys of maps and indexes of lists, from the top of a file down. */
export type YamlPath = (string | number)[];

/** A mistake at a path of the data, at its value or at its key. */
export interface Mistake {
  path: YamlPath;
  message: string;
  at: 'key' | 'value';
}

type Issue = z.core.$ZodIssue;

/**
 * Translates zod's issues for the author of the file: one mistake each, in words, with the nearest
 * valid key or value. A missing key that is misspelled in the same map is reported once.
 */
export function mistakesOf(zodIssues: Issue[], data: unknown, schema: JsonSchema): Mistake[] {
  const issues = zodIssues.flatMap(simplified);
  const found: Mistake[] = [];
  const meant = new Set<string>();
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const path = yamlPath(issue.path);
    const known = keysAt(schema, path);
    for (const key of issue.keys) {
      const nearest = nearestName(key, known);
      if (nearest !== undefined) meant.add(pathText([...path, nearest]));
      const hint =
        nearest === undefined ? `; known here: ${known.join(', ')}` : `; did you mean "${nearest}"?`;
      found.push({ path: [...path, key], message: `unknown key${hint}`, at: 'key' });
    }
  }
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') continue;
    const path = yamlPath(issue.path);
    const value = valueAt(data, path);
    if (value === undefined && meant.has(pathText(path))) continue;
    found.push({
      path,
      message: messageOf(issue, value),
      at: issue.code === 'invalid_key' ? 'key' : 'value',
    });
  }
  return found;
}

/** A union reports why each option doesn't fit; this keeps the issues of the intended option. */
function simplified(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const within = (inner: Issue): Issue => ({ ...inner, path: [...issue.path, ...inner.path] });
  const wrongKind = (options: Issue[]) =>
    options.some(
      ({ code, path }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'),
    );
  const meant = issue.errors
    .filter((options) => !wrongKind(options))
    .toSorted((a, b) => a.length - b.length)
    .at(0);
  return meant ? meant.flatMap((inner) => simplified(within(inner))) : [issue];
}

function messageOf(issue: Issue, value: unknown): string {
  if (issue.code === 'custom') return issue.message;
  const expected = expectedText(issue);
  if (value === undefined) return `missing; expected ${expected ?? 'a value'}`;
  const found = foundText(value);
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => message).join('; ');
  if (expected === undefined) return `${issue.message}, found ${found}`;
  const options = issue.code === 'invalid_value' ? issue.values.map(String) : unionOptions(issue);
  const hint = typeof value === 'string' ? didYouMean(value, options) : quotesHint(issue, value);
  return `expected ${expected}, found ${found}${hint}`;
}

/** Ids that look like numbers are the usual reason for a number instead of text. */
function quotesHint(issue: Issue, value: unknown): string {
  const wantsText = issue.code === 'invalid_type' && issue.expected === 'string';
  return wantsText && ['number', 'boolean'].includes(typeof value) ? '; put it in quotes' : '';
}

function unionOptions(issue: Issue): string[] {
  return issue.code === 'invalid_union' && 'options' in issue ? (issue.options as unknown[]).map(String) : [];
}

/** Describes what the spec wants; undefined if only the issue's own message says it. */
function expectedText(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return typeWords[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return oneOf(issue.values.map(String));
    case 'invalid_union':
      if (issue.errors.length === 0) return oneOf(unionOptions(issue));
      return [
        ...new Set(issue.errors.map((option) => (option[0] && expectedText(option[0])) ?? 'a value')),
      ].join(' or ');
    case 'too_small':
      return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${unitOf(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${unitOf(issue.origin, issue.maximum)}`;
    default:
      return undefined;
  }
}

const typeWords: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function oneOf(values: string[]): string {
  return values.length === 1 ? `"${values[0]}"` : `one of ${values.join(', ')}`;
}

function unitOf(origin: string, count: number | bigint): string {
  const unit = { string: 'character', array: 'item', set: 'item' }[origin];
  return unit === undefined ? '' : ` ${unit}${Number(count) === 1 ? '' : 's'}`;
}

function foundText(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** `pipelines[0].schedule`. */
export function pathText(path: YamlPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (!/^[\w-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

function yamlPath(path: PropertyKey[]): YamlPath {
  return path.map((part) => (typeof part === 'number' ? part : String(part)));
}

export function valueAt(data: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    data,
  );
}

/** Returns the keys that the spec allows in the map at that path. */
function keysAt(schema: JsonSchema, path: YamlPath): string[] {
  return [...new Set(schemasAt(schema, path).flatMap((option) => Object.keys(option.properties ?? {})))];
}

/**
 * Returns what the spec allows at that path, one schema for each alternative; empty if the path is
 * unknown.
 */
export function schemasAt(schema: JsonSchema, path: YamlPath): JsonSchema[] {
  const [part, ...rest] = path;
  return alternatives(schema).flatMap((option) => {
    if (part === undefined) return [option];
    if (typeof part === 'number') return option.items ? schemasAt(option.items, rest) : [];
    const named = option.properties?.[part];
    if (named) return schemasAt(named, rest);
    return typeof option.additionalProperties === 'object'
      ? schemasAt(option.additionalProperties, rest)
      : [];
  });
}
