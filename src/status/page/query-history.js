/** How many queries are remembered, and how many characters of them altogether. */
const most = { queries: 50, characters: 100_000 };

/**
 * Puts a query first; the oldest ones go if there are too many. A query that is there already moves
 * to the front.
 *
 * @param {readonly string[]} history the newest first
 * @param {string} sql
 */
export function withQuery(history, sql) {
  const query = sql.trim();
  if (query === '' || query.length > most.characters) return [...history];
  let characters = 0;
  return [query, ...history.filter((each) => each !== query)].slice(0, most.queries).filter((each) => {
    characters += each.length;
    return characters <= most.characters;
  });
}

/** Under this key, queries stay in this browser until the user clears them or logs out. */
const key = 'sp-reports.queries';

/** @returns {string[]} the newest first; none if the browser keeps nothing */
export function readHistory() {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(found) ? found.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

/** @param {string} sql */
export function rememberQuery(sql) {
  try {
    localStorage.setItem(key, JSON.stringify(withQuery(readHistory(), sql)));
  } catch {
    // The browser keeps nothing: there is no history, and everything else works.
  }
}

export function clearHistory() {
  try {
    localStorage.removeItem(key);
  } catch {
    // There is nothing to clear.
  }
}
