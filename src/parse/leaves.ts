import { separator } from '../schema/object-path.js';

/** A value found at a path of a row, as text, with what JSON says it is. */
export interface Leaf {
  /** The names down to it, joined by `separator`; `.` for the row itself. */
  path: string;
  text: string;
  /** `none` is null: the path is there, a value is not. */
  kind: 'text' | 'number' | 'bool' | 'json' | 'none';
}

/** A number that a double doesn't hold to the last digit, as the document writes it. */
export class LongNumber {
  constructor(readonly text: string) {}
}

/** The text of an XML element that has attributes or elements as well. */
export class ElementText {
  /** Its name where such an element is kept as JSON. */
  static readonly key = '#text';

  constructor(readonly text: string) {}
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
    yield { path: at, text: jsonText(kept), kind: 'json' };
  } else if (value instanceof LongNumber) yield { path: at, text: value.text, kind: 'number' };
  else if (value instanceof ElementText) yield { path: at, text: value.text, kind: 'text' };
  else if (Array.isArray(value)) yield { path: at, text: jsonText(value), kind: 'json' };
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

/** JSON text in which long numbers stand as the document wrote them. */
function jsonText(value: unknown): string {
  if (value instanceof LongNumber) return value.text;
  if (value instanceof ElementText) return JSON.stringify(value.text);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${jsonText(member)}`);
  return `{${members.join(',')}}`;
}
