import { ElementText, exactJson, WrittenNumber } from './exact-json.js';
import { separator } from '../schema/object-path.js';

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
export function* leavesOf(value: unknown, stops: Stops = noStops, path = ''): Generator<Leaf> {
  const at = path || '.';
  if (stops.leftOut.has(path)) return;
  if (value === undefined) return;
  if (value === null) yield { path: at, text: '', kind: 'none' };
  else if (path !== '' && stops.json.has(path)) {
    const kept = stops.listsOnly && !Array.isArray(value) ? [value] : value;
    yield { path: at, text: exactJson(kept), kind: 'json' };
  } else if (value instanceof WrittenNumber) yield { path: at, text: value.text, kind: 'number' };
  else if (value instanceof ElementText) yield { path: at, text: value.text, kind: 'text' };
  else if (Array.isArray(value)) yield { path: at, text: exactJson(value), kind: 'json' };
  else if (typeof value === 'object') {
    for (const [key, member] of Object.entries(value))
      yield* leavesOf(member, stops, member instanceof ElementText ? path : joinPath(path, key));
  } else {
    const kind = typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'bool' : 'text';
    yield { path: at, text: String(value), kind };
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
