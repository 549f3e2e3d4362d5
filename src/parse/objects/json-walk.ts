import { joinPath } from '../../schema/object-path.js';
import { shownCharacter } from './exact-json.js';
import type { ListPaths, ObjectRow } from './object-plan.js';

/** Reads a JSON document piece by piece. */
export interface JsonSource<Item> {
  /** The next character that is not blank; empty at the end. */
  peek(): Promise<string>;
  expect(character: string): Promise<void>;
  /** Reads the next value, which is at this path, or a name, as a whole. */
  value(path?: string): Promise<unknown>;
  /** Reads the next value as an item of this list. */
  item(list: string): AsyncIterable<Item>;
  /** Reads the items of this list, from behind its opening bracket to before its closing one. */
  items(list: string): AsyncIterable<Item>;
  /** The object that is read has the name of this path once more. */
  nameAgain(path: string): void;
  problem(found: string): Error;
  /** Reads no more of the document, which may not be at its end. */
  close(): Promise<void>;
}

/**
 * Walks through the lists of a JSON document: the document itself if it is a list, otherwise every
 * list that is a member of its object. Everything beside the lists comes last, as one object.
 * `paths` may name deeper lists, and objects that are rows. `beside` is filled on the way.
 * Errors: those of the source.
 */
export async function* walkJson<Item>(
  source: JsonSource<Item>,
  paths: ListPaths,
  beside: Record<string, unknown> = emptyObject(),
): AsyncGenerator<ObjectRow<Item>> {
  try {
    if ((await source.peek()) === '[') {
      yield* listAt(source, '');
    } else if (paths.isRow('')) {
      yield* itemAt(source, '');
    } else {
      yield* membersOf(source, '', paths, beside);
      if (Object.keys(beside).length > 0) yield { value: beside };
    }
    if ((await source.peek()) !== '') throw source.problem('found more text after the end');
  } finally {
    await source.close();
  }
}

/** The rows in an object at this path. Its other members are put into `beside`. */
async function* membersOf<Item>(
  source: JsonSource<Item>,
  path: string,
  paths: ListPaths,
  beside: Record<string, unknown>,
): AsyncGenerator<ObjectRow<Item>> {
  await source.expect('{');
  const names = new Set<string>();
  let next = await source.peek();
  while (next !== '}') {
    if (next !== '"') throw source.problem(`found ${shownCharacter(next)} where a name should be`);
    const name = String(await source.value());
    const here = joinPath(path, name);
    if (names.has(name)) source.nameAgain(here);
    names.add(name);
    await source.expect(':');
    const begins = await source.peek();
    if (begins === '[' && !paths.isBeside(here)) {
      yield* listAt(source, here);
    } else if (begins === '{' && paths.isRow(here)) {
      yield* itemAt(source, here);
    } else if (begins === '{' && paths.leadsToRows(here)) {
      const inner = emptyObject();
      beside[name] = inner;
      yield* membersOf(source, here, paths, inner);
    } else {
      beside[name] = await source.value(here);
    }
    next = await afterValue(source, '}');
  }
  await source.expect('}');
}

/** After a value: reads the comma if another value follows. Returns the next character. */
export async function afterValue<Item>(source: JsonSource<Item>, end: string): Promise<string> {
  if ((await source.peek()) === end) return end;
  await source.expect(',');
  const next = await source.peek();
  if (next === end || next === '') throw source.problem(`found ${shownCharacter(next)} after a comma`);
  return next;
}

/** Without a prototype, as a member may be named `__proto__`. */
export function emptyObject(): Record<string, unknown> {
  return Object.create(null);
}

async function* listAt<Item>(source: JsonSource<Item>, list: string): AsyncGenerator<ObjectRow<Item>> {
  await source.expect('[');
  yield { list, value: undefined };
  for await (const value of source.items(list)) yield { list, value };
  await source.expect(']');
}

async function* itemAt<Item>(source: JsonSource<Item>, list: string): AsyncGenerator<ObjectRow<Item>> {
  yield { list, value: undefined };
  for await (const value of source.item(list)) yield { list, value };
}
