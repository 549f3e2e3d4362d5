import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { ReportsError } from '../errors.js';
import { marketplaces } from '../schema/marketplaces.js';
import { formatProblem, inOrder, type Problem, readYaml, type YamlFile } from '../yaml-problems.js';
import { type Config, configSpec } from './spec.js';
import { isVariable, substituteFrom } from './substitute.js';

export interface ReadConfigOptions {
  /** The file; without it pipelines.yaml in `cwd`. */
  path?: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Where no `path` is given and there is no pipelines.yaml: the defaults, without sellers and pipelines. */
  missing?: 'defaults';
  /** For commands that only touch the warehouse: sellers and pipelines whose variables are unset are left out. */
  tolerateUnset?: boolean;
}

/** Reads pipelines.yaml. Errors: CONFIG_NOT_FOUND; CONFIG_INVALID with all mistakes at once, each with its place. */
export function readConfig(options: ReadConfigOptions): Config {
  const file = resolve(options.cwd, options.path ?? 'pipelines.yaml');
  if (!existsSync(file)) {
    if (options.path === undefined && options.missing === 'defaults') {
      return complete(configSpec.parse({}), null, options.cwd);
    }
    throw new ReportsError('CONFIG_NOT_FOUND', { path: shown(file, options.cwd) });
  }
  const text = readFileSync(file, 'utf8');
  const name = shown(file, options.cwd);
  const written = readYaml({
    text: text.trim() === '' ? '{}' : text,
    file: name,
    spec: configSpec,
    substitute: substituteFrom(options.env),
  });
  const problems = inOrder([...written.problems, ...furtherProblems(written, text)]);
  if (problems.length === 0 && written.value) return complete(written.value, file, dirname(file));
  if (options.tolerateUnset) {
    const rest = withoutUnset(problems, text, name, options);
    if (rest) return complete(rest, file, dirname(file));
  }
  throw new ReportsError('CONFIG_INVALID', {
    path: name,
    count: `${problems.length} ${problems.length === 1 ? 'mistake' : 'mistakes'}`,
    problems: problems.map(formatProblem).join('\n'),
  });
}

/** Checks between values, and on the text before variables were filled in. */
function furtherProblems({ data, problemAt }: YamlFile<unknown>, text: string): Problem[] {
  if (data === undefined) return [];
  const problems: Problem[] = [];
  const list = (key: string): Record<string, unknown>[] => {
    const items = (data as Record<string, unknown> | null)?.[key];
    return Array.isArray(items)
      ? items.map((item) => (typeof item === 'object' && item !== null ? item : {}))
      : [];
  };
  for (const [key, unique] of [['sellers', 'id'] as const, ['pipelines', 'name'] as const]) {
    const items = list(key);
    items.forEach((item, index) => {
      const first = items.findIndex((each) => each[unique] === item[unique]);
      if (item[unique] !== undefined && first < index) {
        problems.push(
          problemAt([key, index, unique], `"${item[unique]}" stands for ${key}[${first}] already`),
        );
      }
    });
  }
  const asWritten = parse(text) as { sellers?: { credentials?: Record<string, unknown> }[] };
  list('sellers').forEach((seller, index) => {
    const ids = Array.isArray(seller.marketplaces) ? seller.marketplaces : [];
    ids.forEach((id, position) => {
      const known =
        marketplaces[String(id)] ?? Object.values(marketplaces).find(({ country }) => country === id);
      if (known && typeof seller.region === 'string' && known.region !== seller.region) {
        const message = `${known.country} is in region ${known.region}, the seller in ${seller.region}; a seller has one entry per region`;
        problems.push(problemAt(['sellers', index, 'marketplaces', position], message));
      }
    });
    for (const [key, value] of Object.entries(asWritten.sellers?.[index]?.credentials ?? {})) {
      if (typeof value === 'string' && !isVariable(value)) {
        const message =
          `a secret does not belong into a file; write a variable of the environment, such as \${LWA_CLIENT_ID}`;
        problems.push(problemAt(['sellers', index, 'credentials', key], message));
      }
    }
  });
  return problems;
}

/** The settings without the sellers and pipelines whose variables are unset, where nothing else is wrong. */
function withoutUnset(problems: Problem[], text: string, file: string, { env }: ReadConfigOptions) {
  if (
    !problems.every(
      ({ path, message }) => /^(sellers|pipelines)\[/.test(path) && message.includes('is not set;'),
    )
  ) {
    return undefined;
  }
  const unset = new Set(problems.map(({ path }) => path.slice(0, path.indexOf(']') + 1)));
  const written = parse(text) as Record<string, unknown[]>;
  for (const key of ['sellers', 'pipelines']) {
    written[key] = (written[key] ?? []).filter((_, index) => !unset.has(`${key}[${index}]`));
  }
  return readYaml({ text: JSON.stringify(written), file, spec: configSpec, substitute: substituteFrom(env) })
    .value;
}

function complete(
  written: NonNullable<ReturnType<typeof withoutUnset>>,
  file: string | null,
  folder: string,
): Config {
  const { aws, api, ...rest } = written;
  return deepFreeze({
    ...rest,
    file,
    folder,
    warehouse: { ...rest.warehouse, path: resolve(folder, rest.warehouse.path) },
    lake: resolve(folder, rest.lake),
    raw: resolve(folder, rest.raw),
    state: resolve(folder, rest.state),
    schemas: resolve(folder, rest.schemas),
    aws: {
      ...(aws.region ? { region: aws.region } : {}),
      ...(aws.endpoint ? { endpoint: aws.endpoint } : {}),
    },
    api: {
      ...(api.endpoint ? { endpoint: api.endpoint } : {}),
      ...(api.loginUrl ? { loginUrl: api.loginUrl } : {}),
    },
  });
}

/** The path as a user of that folder would write it. */
function shown(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path.startsWith('..') ? file : path;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
