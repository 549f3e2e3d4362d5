/**
 * A number exactly as the document writes it, for example `1.50`, or with more digits than a double
 * holds.
 */
export class WrittenNumber {
  /** Set when JSON.stringify meets one, which it cannot write. */
  static isMet = false;

  constructor(readonly text: string) {}

  toJSON(): void {
    WrittenNumber.isMet = true;
  }
}

/** The text of an XML element that also has attributes or elements. */
export class ElementText {
  /** Its name if such an element is kept as JSON. */
  static readonly key = '#text';

  constructor(readonly text: string) {}

  toJSON(): string {
    return this.text;
  }
}

/** Strings and numbers in JSON text. */
const stringsAndNumbers = /"(?:[^"\\]|\\.)*"|-?\d[\d.]*(?:[eE][+-]?\d+)?/g;
/** If this does not match, JavaScript writes all numbers as they are here. */
const oddNumber = /(?:^|[\s:,[])(?:-0(?![.\d])|-?(?:\d[\d.]{15}|\d+(?:\.\d+)?[eE]|\d+\.\d*0(?!\d)|0\.0{6}))/;
/** RFC 8259, section 6. */
const wholeNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/**
 * No document has a text with this prefix: JSON does not allow the character unescaped in a string.
 */
const writtenNumberMark = '\u0000number ';

/** Parses JSON. Numbers that JavaScript would write in another way become WrittenNumber. */
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

/** JSON text with numbers as the document wrote them. */
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
