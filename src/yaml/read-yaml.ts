import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type { z } from 'zod';
import { mistakesOf, pathText, schemasAt, type YamlPath } from './spec-issues.js';
import { type JsonSchema, jsonSchema } from './spec-reference.js';

/** One mistake in a YAML file. Lines and columns count from 1. */
export interface YamlProblem {
  file: string;
  line: number;
  column: number;
  /** For example `pipelines[0].schedule`; empty for the file as a whole. */
  path: string;
  message: string;
  /** For callers that treat this kind of problem differently; most problems have none. */
  code?: ProblemCode;
}

/** `VARIABLE_UNSET`: a value names an environment variable that is not set. */
export type ProblemCode = 'VARIABLE_UNSET';

/** A YAML file that was read. */
export interface YamlFile<T> {
  /** The parsed value; absent if there are problems. */
  value?: T;
  /**
   * The data before the spec, for checks that continue after a problem; undefined if it is not
   * YAML.
   */
  data: unknown;
  problems: YamlProblem[];
  /** Makes a problem at the value of that path, or at its key with `at: 'key'`. */
  problemAt(path: YamlPath, message: string, at?: 'key' | 'value'): YamlProblem;
}

/**
 * Reads a YAML text by a spec. It finds all mistakes at once, one problem for each: invalid YAML,
 * keys given twice, unknown and missing keys, and values that the spec refuses. If the YAML is
 * invalid, only that is reported. `file` is the name in messages; `substitute` may replace text
 * values.
 */
export function readYaml<T>(input: {
  text: string;
  file: string;
  spec: z.ZodType<T>;
  substitute?: Substitute;
}): YamlFile<T> {
  const lines = new LineCounter();
  const text = input.text.replace(/^\uFEFF/, '');
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Warnings are reported as problems, not printed by the process.
    logLevel: 'error',
  });
  const problem = (offset: number, path: YamlPath, message: string): YamlProblem => {
    const { line, col } = lines.linePos(offset);
    return {
      file: input.file,
      line: Math.max(line, 1),
      column: Math.max(col, 1),
      path: pathText(path),
      message,
    };
  };
  const problemAt = (path: YamlPath, message: string, at: 'key' | 'value' = 'value') =>
    problem(offsetOf(document, path, at), path, message);

  const repeated = document.errors.filter((error) => error.code === 'DUPLICATE_KEY');
  const broken = [...document.errors.filter((error) => error.code !== 'DUPLICATE_KEY'), ...document.warnings];
  const problems = repeated.map((error) =>
    problem(error.pos[0], pathOfKey(document, error.pos[0]), 'key given twice; keep one'),
  );
  visit(document, {
    Alias(_, alias) {
      if (!alias.resolve(document)) {
        broken.push({
          pos: alias.range ?? [0, 0],
          message: `no anchor &${alias.source} before *${alias.source}`,
        } as YAMLError);
      }
    },
  });
  if (broken.length > 0) {
    // YAML reads the brace of an unquoted `${NAME}` inside { } or [ ] as a map; the mistakes after
    // it are consequences.
    const unquoted = broken.filter(({ pos }) => input.substitute && text.startsWith('${', pos[0] - 1));
    problems.push(
      ...(unquoted.length > 0
        ? unquoted.map(({ pos }) =>
            problem(pos[0] - 1, [], 'inside { } or [ ], put a value with ${ in quotes'),
          )
        : firstPerLine(broken.map((error) => problem(error.pos[0], [], syntaxMessage(error))))),
    );
    return { data: undefined, problems: inOrder(problems), problemAt };
  }

  const schema = jsonSchema(input.spec);
  const unset = input.substitute ? substituteAll(document, input.substitute, schema) : [];
  problems.push(
    ...unset.map(({ offset, path, message, code }) => ({
      ...problem(offset, path, message),
      code,
    })),
  );
  const data: unknown = document.toJS();
  const result = input.spec.safeParse(data);
  if (!result.success) {
    for (const { path, message, at } of mistakesOf(result.error.issues, data, schema)) {
      // The value of a text that could not be substituted is unknown.
      if (unset.some((each) => pathText(each.path) === pathText(path))) continue;
      problems.push(problemAt(path, message, at));
    }
  }
  return result.success && problems.length === 0
    ? { value: result.data, data, problems, problemAt }
    : { data, problems: inOrder(problems), problemAt };
}

/** Returns the replacement of the text value at that path, or what is wrong with it. */
export type Substitute = (
  text: string,
  path: YamlPath,
) => { text: string } | { problem: string; code?: ProblemCode };

/**
 * Substitutes in place. The text becomes a number or a boolean if the spec wants one, but never any
 * other YAML.
 */
function substituteAll(document: Document, substitute: Substitute, schema: JsonSchema) {
  const problems: { offset: number; path: YamlPath; message: string; code: ProblemCode | undefined }[] = [];
  const walk = (node: unknown, path: YamlPath): void => {
    if (isMap(node)) {
      for (const { key, value } of node.items) walk(value, [...path, isScalar(key) ? String(key.value) : '']);
    } else if (isSeq(node)) {
      node.items.forEach((item, index) => void walk(item, [...path, index]));
    } else if (isScalar(node) && typeof node.value === 'string') {
      const result = substitute(node.value, path);
      if ('problem' in result) {
        const { problem: message, code } = result;
        problems.push({ offset: node.range?.[0] ?? 0, path, message, code });
      } else if (result.text !== node.value) {
        node.value = valueFor(result.text, schemasAt(schema, path));
      }
    }
  };
  walk(document.contents, []);
  return problems;
}

/** An id of digits remains text if text is allowed, including leading zeros. */
function valueFor(text: string, wanted: JsonSchema[]): string | number | boolean {
  const types = wanted.flatMap(({ type }) => type ?? []);
  if (types.includes('string')) return text;
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return (types.includes('number') || types.includes('integer')) && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)
    ? Number(text)
    : text;
}

/** `pipelines.yaml:12:5 pipelines[0].shedule: unknown key; did you mean "schedule"?` */
export function formatProblem({ file, line, column, path, message }: YamlProblem): string {
  return `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`;
}

/** Sorts problems by file, line and column. */
export function inOrder(problems: YamlProblem[]): YamlProblem[] {
  return problems.toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}

/** Returns the offset of a path in the text, or of its nearest map or list if it is missing. */
function offsetOf(document: Document, path: YamlPath, at: 'key' | 'value'): number {
  let node: Node | null = document.contents as Node | null;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (isMap(node)) {
      // If a key is given twice, the last one counts.
      const pair = node.items.findLast(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (!pair) return offset;
      const keyOffset = (pair.key as Node).range?.[0] ?? offset;
      if (at === 'key' && depth === path.length - 1) return keyOffset;
      node = pair.value as Node | null;
      const range = node?.range;
      // An empty value has no position of its own.
      offset = range && range[0] < range[1] ? range[0] : keyOffset;
    } else if (isSeq(node)) {
      node = (node.items[Number(part)] as Node | undefined) ?? null;
      if (!node) return offset;
      offset = node.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

/** Returns the path of the key at an offset. */
function pathOfKey(document: Document, offset: number): YamlPath {
  let found: YamlPath = [];
  const search = (node: unknown, path: YamlPath): void => {
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        const here = [...path, isScalar(key) ? String(key.value) : ''];
        if (isScalar(key) && key.range?.[0] === offset) found = here;
        search(value, here);
      }
    }
    if (isSeq(node)) node.items.forEach((item, index) => void search(item, [...path, index]));
  };
  search(document.contents, []);
  return found;
}

function syntaxMessage({ code, message }: YAMLError): string {
  return code === 'MULTIPLE_DOCS'
    ? 'not valid here: a second YAML document; keep one'
    : `not valid YAML: ${message}`;
}

/** Keeps one problem per line: one mistake often breaks the rest of its line in several ways. */
function firstPerLine(problems: YamlProblem[]): YamlProblem[] {
  return inOrder(problems).filter((problem, index, all) => problem.line !== all[index - 1]?.line);
}
