import type { Substitute } from '../yaml/read-yaml.js';

/**
 * Fills in environment variables: `${NAME}`, `${NAME:-default}`; `$${` is a literal `${`. An unset
 * or empty variable without a default is a problem, and so is a `${` that starts no variable.
 * Inserted text is not expanded again.
 */
export function substituteFrom(env: NodeJS.ProcessEnv): Substitute {
  return (text, path) => {
    const missing: string[] = [];
    let broken = false;
    const filled = text.replace(
      /\$\$\{|\$\{(?:([A-Za-z_]\w*)(?::-((?:(?!\$\{)[^}])*))?\})?/g,
      (whole, name: string | undefined, fallback: string | undefined) => {
        if (name === undefined) {
          broken ||= whole === '${';
          return '${';
        }
        const value = env[name];
        if (value) return value;
        if (fallback === undefined) missing.push(name);
        return fallback ?? '';
      },
    );
    if (broken) {
      return { problem: `not a variable; write \${NAME} or \${NAME:-default}, and $\${ for \${ itself` };
    }
    if (missing.length === 0) return { text: filled };
    const names = missing.map((name) => `$${name}`).join(', ');
    // A default would be a secret in the file.
    const secret = path.includes('credentials') || path[0] === 'piiHashKey' || path.at(-1) === 'webhook';
    const problem = `${names} is not set; set it${secret ? '' : `, or write \${${missing[0]}:-default}`}`;
    return { problem, code: 'VARIABLE_UNSET' };
  };
}

/** The pattern of a single variable without a default and nothing else, as secrets must be. */
export const variablePattern = '^\\$\\{[A-Za-z_]\\w*\\}$';

/** Whether a value has the form of `variablePattern`. */
export function isVariable(value: unknown): boolean {
  return typeof value === 'string' && new RegExp(variablePattern).test(value);
}
