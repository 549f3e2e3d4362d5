import type { Substitute } from '../yaml-problems.js';

/**
 * Fills in environment variables: `${NAME}`, `${NAME:-default}`; `$${` stands for itself. An unset or empty variable without a default is
 * a problem.
 */
export function substituteFrom(env: NodeJS.ProcessEnv): Substitute {
  return (text) => {
    const missing: string[] = [];
    const filled = text.replace(
      /\$\$\{|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g,
      (whole, name: string | undefined, fallback: string | undefined) => {
        if (name === undefined) return whole.slice(1);
        const value = env[name];
        if (value) return value;
        if (fallback === undefined) missing.push(name);
        return fallback ?? '';
      },
    );
    if (missing.length === 0) return { text: filled };
    const names = missing.map((name) => `$${name}`).join(', ');
    return { problem: `${names} is not set; set it, or write \${${missing[0]}:-default}` };
  };
}

/** Whether a text is nothing but variables without defaults, as secrets must be. */
export function isVariable(text: unknown): boolean {
  return typeof text === 'string' && /^\$\{[A-Za-z_]\w*\}$/.test(text);
}
