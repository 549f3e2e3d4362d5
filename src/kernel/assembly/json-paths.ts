import { allocate } from './memory';
import { areEqual } from './texts';

/** What stood at a path: bits of `kinds`. */
export const textKind: i32 = 1;
export const numberKind: i32 = 2;
export const boolKind: i32 = 4;
export const jsonKind: i32 = 8;
export const nullKind: i32 = 16;

/** Forms of the cell of a path: a string is its text; or stays JSON; so does an object, which then is not taken apart. */
const asText: i32 = 0;
export const asJson: i32 = 1;
export const asWhole: i32 = 2;

/**
 * A path of the objects that are rows: the root is the object itself, its members are below it. A path is made when its name first comes;
 * so the paths of one object stand in the order of the document.
 */
@unmanaged
export class PathNode {
  name: usize = 0;
  nameLength: i32 = 0;
  firstChild: usize = 0;
  lastChild: usize = 0;
  /** Next member of the same object. */
  next: usize = 0;
  /** Which cell of a row its value is, -1 for none. */
  place: i32 = -1;
  /** What its cell is: as `asText`, `asJson`, `asWhole`. */
  form: i32 = 0;
  kinds: i32 = 0;
  /** Which path it was to have its first value, from 1. */
  order: i32 = 0;
  /** The reading that met it last. */
  reading: i32 = 0;
}

let withValue: i32 = 0;
let readings: i32 = 0;

/** A path below another, or a root where that is 0. `name` are the bytes of its name. */
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
  path.place = -1;
  path.form = asText;
  path.kinds = 0;
  path.order = 0;
  path.reading = 0;
  if (parentAt !== 0) {
    const parent = changetype<PathNode>(parentAt);
    if (parent.firstChild === 0) parent.firstChild = at;
    else changetype<PathNode>(parent.lastChild).next = at;
    parent.lastChild = at;
  }
  return at;
}

export function setPath(at: usize, place: i32, form: i32): void {
  const path = changetype<PathNode>(at);
  path.place = place;
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

/** A number for the reading of one row, by which members that stand twice are told. */
export function nextReading(): i32 {
  readings += 1;
  return readings;
}

export function note(path: PathNode, kind: i32): void {
  if ((path.kinds & kind) !== 0) return;
  if (kind !== nullKind && path.order === 0) {
    withValue += 1;
    path.order = withValue;
  }
  path.kinds |= kind;
}

/** The member of that name, 0 where there is none. Names are compared from `expected` on, around to it. */
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
