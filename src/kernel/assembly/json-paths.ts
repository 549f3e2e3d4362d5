import { allocate } from './memory';
import { areEqual } from './texts';

/** Kinds of values found at a path: bits of `kinds`. */
export const textKind: i32 = 1;
export const numberKind: i32 = 2;
export const boolKind: i32 = 4;
export const jsonKind: i32 = 8;
export const nullKind: i32 = 16;

/**
 * Forms of the cell of a path: the text of a string; JSON; JSON including objects, which are then
 * not split into members; or the same as a list, that of the value itself unless it is one.
 */
const asText: i32 = 0;
export const asJson: i32 = 1;
export const asWhole: i32 = 2;
export const asList: i32 = 3;

/**
 * A path of the objects that are rows: the root is the object itself, with its members below it. A
 * path is created when its name first occurs, so the paths of one object are in the order of the
 * document.
 */
@unmanaged
export class PathNode {
  name: usize = 0;
  nameLength: i32 = 0;
  firstChild: usize = 0;
  lastChild: usize = 0;
  /** The next member of the same object. */
  next: usize = 0;
  /** The index of its cell in a row, -1 for none. */
  column: i32 = -1;
  /** The form of its cell, such as `asText`. */
  form: i32 = 0;
  kinds: i32 = 0;
  /** Its position among all paths by their first value, from 1. */
  order: i32 = 0;
  /** The same by its first null. */
  nullOrder: i32 = 0;
  /** The last pass that met it. */
  reading: i32 = 0;
}

/** Paths below the last root that was created. */
let paths: i32 = 0;
let withValue: i32 = 0;
let withNull: i32 = 0;
let readings: i32 = 0;

/**
 * Creates a path below another, or a root if `parentAt` is 0. `name` is the address of the bytes of
 * its name.
 */
export function newPath(parentAt: usize, name: usize, length: i32): usize {
  const at = allocate(offsetof<PathNode>());
  const path = changetype<PathNode>(at);
  const copied = allocate(length);
  memory.copy(copied, name, length);
  path.name = copied;
  path.nameLength = length;
  path.firstChild = 0;
  path.lastChild = 0;
  path.next = 0;
  path.column = -1;
  path.form = asText;
  path.kinds = 0;
  path.order = 0;
  path.nullOrder = 0;
  path.reading = 0;
  if (parentAt === 0) paths = 0;
  else {
    paths += 1;
    const parent = changetype<PathNode>(parentAt);
    if (parent.firstChild === 0) parent.firstChild = at;
    else changetype<PathNode>(parent.lastChild).next = at;
    parent.lastChild = at;
  }
  return at;
}

export function pathCount(): i32 {
  return paths;
}

export function setPath(at: usize, column: i32, form: i32): void {
  const path = changetype<PathNode>(at);
  path.column = column;
  path.form = form;
}

export function pathFirstChild(at: usize): usize {
  return changetype<PathNode>(at).firstChild;
}

export function pathNext(at: usize): usize {
  return changetype<PathNode>(at).next;
}

export function pathName(at: usize): usize {
  return changetype<PathNode>(at).name;
}

export function pathNameLength(at: usize): i32 {
  return changetype<PathNode>(at).nameLength;
}

export function pathKinds(at: usize): i32 {
  return changetype<PathNode>(at).kinds;
}

export function pathOrder(at: usize): i32 {
  return changetype<PathNode>(at).order;
}

export function pathNullOrder(at: usize): i32 {
  return changetype<PathNode>(at).nullOrder;
}

/** Returns a number for the pass over one row, by which duplicate members are detected. */
export function nextReading(): i32 {
  readings += 1;
  return readings;
}

export function note(path: PathNode, kind: i32): void {
  if ((path.kinds & kind) !== 0) return;
  if (kind === nullKind) {
    withNull += 1;
    path.nullOrder = withNull;
  } else if (path.order === 0) {
    withValue += 1;
    path.order = withValue;
  }
  path.kinds |= kind;
}

/**
 * Returns the member of that name, 0 if there is none. The search starts at `expected` and wraps
 * around.
 */
export function memberNamed(parent: PathNode, expected: usize, name: usize, length: i32): usize {
  const found = namedIn(expected, 0, name, length);
  return found !== 0 || expected === parent.firstChild
    ? found
    : namedIn(parent.firstChild, expected, name, length);
}

function namedIn(from: usize, to: usize, name: usize, length: i32): usize {
  for (let at = from; at !== to; at = changetype<PathNode>(at).next) {
    const path = changetype<PathNode>(at);
    if (path.nameLength === length && areEqual(name, path.name, length)) return at;
  }
  return 0;
}
