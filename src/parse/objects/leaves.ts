import { ElementText, exactJson, WrittenNumber } from './exact-json.js';
import { separator } from '../../schema/object-path.js';

/** A value found at a path of a row, as text, with what JSON says it is. */
export interface Leaf {
  /** The names down to it, joined by `separator`; `.` for the row itself. */
  path: string;
  text: string;
  /** `none` is null: the path is there, a value is not. */
  kind: 'text' | 'number' | 'bool' | 'json' | 'none';
}

/** Where an object isn't taken apart. */
export interface Stops {
  /** Paths that are left out: their rows are those of a table of their own. */
  leftOut: Set<string>;
  /** Paths whose value is kept as JSON text, whatever it is. */
  json: Set<string>;
  /** XML doesn't tell a list of one from a value: what is kept as JSON is a list always. */
  listsOnly: boolean;
}

const noStops: Stops = { leftOut: new Set(), json: new Set(), listsOnly: false };

/** All values of a row, nested ones by their path; lists are JSON. */
export function leavesOf(value: unknown, stops: Stops = noStops): Leaf[] {
  const leaves: Leaf[] = [];
  addLeaves(leaves, value, stops, '');
  return leaves;
}

function addLeaves(leaves: Leaf[], value: unknown, stops: Stops, path: string): void {
  if (value === undefined || stops.leftOut.has(path)) return;
  const add = (text: string, kind: Leaf['kind']) => leaves.push({ path: path || '.', text, kind });
  if (value === null) add('', 'none');
  else if (path !== '' && stops.json.has(path)) {
    add(exactJson(stops.listsOnly && !Array.isArray(value) ? [value] : value), 'json');
  } else if (value instanceof WrittenNumber) add(value.text, 'number');
  else if (value instanceof ElementText) add(value.text, 'text');
  else if (Array.isArray(value)) add(exactJson(value), 'json');
  else if (typeof value === 'object') {
    for (const [key, member] of Object.entries(value)) {
      addLeaves(leaves, member, stops, member instanceof ElementText ? path : joinPath(path, key));
    }
  } else {
    add(String(value), typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'bool' : 'text');
  }
}

export function joinPath(path: string, name: string): string {
  return path === '' ? name : `${path}${separator}${name}`;
}

/** The member of an object, never what its prototype has. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
