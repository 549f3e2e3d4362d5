/**
 * Replaces each call `LOCAL_DATE(time, zone)` in the SQL of a view by SQL for the day of a UTC time
 * in a time zone. A call with another number of arguments stays, so that the warehouse refuses it.
 */
export function withLocalDates(sql: string, localDate: (time: string, zone: string) => string): string {
  const call = /\bLOCAL_DATE\s*\(/gi;
  let result = '';
  let at = 0;
  for (let found = call.exec(sql); found; found = call.exec(sql)) {
    const begin = found.index + found[0].length;
    const { parts, end } = argumentsFrom(sql, begin);
    const [time, zone, more] = parts;
    if (time === undefined || zone === undefined || more !== undefined) continue;
    const inner = (text: string) => withLocalDates(text.trim(), localDate);
    result += `${sql.slice(at, found.index)}${localDate(inner(time), inner(zone))}`;
    at = end;
    call.lastIndex = end;
  }
  return result + sql.slice(at);
}

/** The arguments of a call from behind its opening parenthesis, and the position behind its end. */
function argumentsFrom(sql: string, begin: number): { parts: string[]; end: number } {
  const parts: string[] = [];
  let depth = 0;
  let from = begin;
  for (const token of sql.slice(begin).matchAll(/'(?:[^']|'')*'|"[^"]*"|`[^`]*`|--[^\n]*|[(),]/g)) {
    const at = begin + token.index;
    if (token[0] === '(') depth += 1;
    if (token[0] === ')') depth -= 1;
    if ((token[0] === ',' && depth === 0) || depth < 0) {
      parts.push(sql.slice(from, at));
      from = at + 1;
    }
    if (depth < 0) return { parts, end: at + 1 };
  }
  return { parts: [], end: sql.length };
}
