import { ElementText, exactJson, WrittenNumber } from './exact-json.js';
import { joinPath } from '../../schema/object-path.js';

/** A value at a path of a row, as text, with its JSON type. */
export interface Leaf {
  /** The names that lead to it, joined by `separator`; `.` for the row itself. */
  path: string;
  text: string;
  /** `none` is null: the path exists without a value. */
  kind: 'text' | 'number' | 'bool' | 'json' | 'none';
}

/** Paths at which objects are not flattened. */
export interface Stops {
  /** Paths that are left out: their rows belong to another table. */
  leftOut: Set<string>;
  /** Paths whose value is kept as JSON text, whatever it is. */
  json: Set<string>;
  /** XML does not distinguish a list of one from a value: what is kept as JSON is always a list. */
  listsOnly: boolean;
}

const noStops: Stops = { leftOut: new Set(), json: new Set(), listsOnly: false };

/** All values of a row, nested ones with their path. Lists become JSON. */
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

/**
 * The value of a row that is not an object, among the leaves of the row: `null`, a text or a
 * number. An empty element of XML is an object without members.
 */
export function scalarRow(leaves: Leaf[]): string | undefined {
  const leaf = leaves.find(({ path }) => path === '.');
  if (leaf?.kind === 'none') return 'null';
  return leaf?.text || undefined;
}

/** The own member of an object, never one of its prototype. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
