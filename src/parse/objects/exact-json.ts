/** A number as the document writes it: with more digits than a double holds, say, or as `1.50`. */
export class WrittenNumber {
  /** Whether JSON.stringify met one, which it can't write. */
  static isMet = false;

  constructor(readonly text: string) {}

  toJSON(): void {
    WrittenNumber.isMet = true;
  }
}

/** The text of an XML element that has attributes or elements as well. */
export class ElementText {
  /** Its name where such an element is kept as JSON. */
  static readonly key = '#text';

  constructor(readonly text: string) {}

  toJSON(): string {
    return this.text;
  }
}

/** Strings and numbers in JSON text. */
const stringsAndNumbers = /"(?:[^"\\]|\\.)*"|-?\d[\d.]*(?:[eE][+-]?\d+)?/g;
/** Where this isn't found all numbers are written as JavaScript writes them. */
const oddNumber = /(?:^|[\s:,[])(?:-0(?![.\d])|-?(?:\d[\d.]{15}|\d+(?:\.\d+)?[eE]|\d+\.\d*0(?!\d)|0\.0{6}))/;
/** RFC 8259, section 6. */
const wholeNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** No text of a document begins so: JSON has no such character bare in a string. */
const writtenNumberMark = '\u0000number ';

/** Parses JSON; numbers that JavaScript would write otherwise come as WrittenNumber. */
export function parseExactly(source: string): unknown {
  if (!oddNumber.test(source)) return JSON.parse(source);
  const marked = source.replace(stringsAndNumbers, (token) =>
    !wholeNumber.test(token) || String(Number(token)) === token ? token : `"\\u0000number ${token}"`,
  );
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(writtenNumberMark)
      ? new WrittenNumber(value.slice(writtenNumberMark.length))
      : value,
  );
}

/** JSON text in which numbers stand as the document wrote them. */
export function exactJson(value: unknown): string {
  WrittenNumber.isMet = false;
  const text = JSON.stringify(value);
  return WrittenNumber.isMet ? withWrittenNumbers(value) : text;
}

function withWrittenNumbers(value: unknown): string {
  if (value instanceof WrittenNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(withWrittenNumbers).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${withWrittenNumbers(member)}`,
  );
  return `{${members.join(',')}}`;
}
