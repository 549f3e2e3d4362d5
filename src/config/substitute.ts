import type { Substitute } from '../yaml/read-yaml.js';

/** `default`: it is unset, and each place that names it has a default. */
export type VariableUse = 'set' | 'default' | 'unset';

/**
 * Fills in environment variables: `${NAME}`, `${NAME:-default}`; `$${` is a literal `${`. An unset
 * or empty variable without a default is a problem, and so is a `${` that starts no variable.
 * Inserted text is not expanded again. `envFile` is a file whose variables are in `env`, for the
 * message; `used` receives what was found of each variable.
 */
export function substituteFrom(
  env: NodeJS.ProcessEnv,
  { envFile, used }: { envFile?: string; used?: Map<string, VariableUse> } = {},
): Substitute {
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
        if (value || used?.get(name) !== 'unset')
          used?.set(name, value ? 'set' : fallback === undefined ? 'unset' : 'default');
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
    const place = envFile === undefined ? '' : ` in the environment or in ${envFile}`;
    // A default would be a secret in the file.
    const secret = path.includes('credentials') || path[0] === 'piiHashKey' || path.at(-1) === 'webhook';
    const problem = `${names} is not set${place}; set it${secret ? '' : `, or write \${${missing[0]}:-default}`}`;
    return { problem, code: 'VARIABLE_UNSET' };
  };
}

/** The pattern of a single variable without a default and nothing else, as secrets must be. */
export const variablePattern = '^\\$\\{[A-Za-z_]\\w*\\}$';

/** Whether a value has the form of `variablePattern`. */
export function isVariable(value: unknown): boolean {
  return typeof value === 'string' && new RegExp(variablePattern).test(value);
}
