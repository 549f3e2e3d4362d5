import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { pluralize } from '../text/pluralize.js';
import { describeError, ReportsError } from '../errors/reports-error.js';
import { formatProblem, inOrder, type YamlProblem, readYaml } from '../yaml/read-yaml.js';
import { complete } from './complete.js';
import { credentialProblems } from './credential-problems.js';
import { type FileExposure, readVariables, shareWithLibraries, type Variables } from './env-file.js';
import { folderProblems } from './folder-problems.js';
import { overlapProblems } from './overlap-problems.js';
import { relationProblems } from './relation-problems.js';
import { historyProblems } from './histories.js';
import { requestProblems } from './request-problems.js';
import { isSecret, keepSecretsIn, secretProblems } from './secrets.js';
import { readTarget } from './postgres-url.js';
import { type Config, configSpec } from './spec.js';
import { substituteFrom, type VariableUse } from './substitute.js';
import { withoutUnset } from './without-unset.js';

export interface ReadConfigOptions {
  /** The path of the file; the default is pipelines.yaml in `cwd`. */
  path?: string;
  cwd: string;
  /**
   * The environment. Variables of AWS and Google in `.env` beside the file are added to it, for
   * their libraries.
   */
  env: NodeJS.ProcessEnv;
  /** Without a `path` and a pipelines.yaml: use the defaults, without sellers and pipelines. */
  missing?: 'defaults';
  /**
   * For commands that only use the warehouse: leave out sellers and pipelines whose variables are
   * unset.
   */
  tolerateUnset?: boolean;
}

/**
 * Reads pipelines.yaml. Errors: CONFIG_NOT_FOUND; FILE_UNREADABLE; ENV_FILE_INVALID; CONFIG_INVALID
 * with all mistakes and their positions.
 */
export function readConfig(options: ReadConfigOptions): Config {
  const checked = checkConfig(options);
  if (checked.config) return checked.config;
  throw mistakesError(checked);
}

/** The name of the warehouse in messages: the path of its file, its schema, or its dataset. */
export function warehouseName({ warehouse }: Pick<Config, 'warehouse'>): string {
  if (warehouse.type === 'duckdb') return warehouse.path;
  if (warehouse.type === 'bigquery') return `bigquery:${warehouse.project}.${warehouse.dataset}`;
  return `${readTarget(warehouse.url).name}.${warehouse.schema}`;
}

/** Returns the error CONFIG_INVALID with all mistakes. */
export function mistakesError({ name, problems }: CheckedConfig): ReportsError {
  return new ReportsError('CONFIG_INVALID', {
    path: name,
    count: pluralize(problems.length, 'mistake'),
    problems: problems.map(formatProblem).join('\n'),
  });
}

/** The settings, or the mistakes in the order of the file. */
export interface CheckedConfig {
  /** The file as a user would write it. */
  name: string;
  config?: Config;
  problems: YamlProblem[];
  /** Where each variable that the file names has its value from. */
  variables: Record<string, 'environment' | '.env' | Exclude<VariableUse, 'set'>>;
  /** Present if other users of the machine may read `.env`. */
  exposure?: FileExposure;
}

/**
 * Reads pipelines.yaml, and `.env` beside it, and returns the mistakes in pipelines.yaml. Errors:
 * CONFIG_NOT_FOUND, FILE_UNREADABLE, ENV_FILE_INVALID.
 */
export function checkConfig(options: ReadConfigOptions): CheckedConfig {
  const file = resolve(options.cwd, options.path ?? 'pipelines.yaml');
  const name = shown(file, options.cwd);
  if (!existsSync(file)) {
    if (options.path === undefined && options.missing === 'defaults') {
      return {
        name,
        config: complete(configSpec.parse({}), null, resolve(options.cwd)),
        problems: [],
        variables: {},
      };
    }
    throw new ReportsError('CONFIG_NOT_FOUND', { path: name });
  }
  const text = textOf(file, name);
  const available = readVariables(dirname(file), options.env, (path) => shown(path, options.cwd));
  shareWithLibraries(available, options.env);
  const used = new Map<string, VariableUse>();
  const written = readYaml({
    text,
    file: name,
    spec: configSpec,
    substitute: substituteFrom(available.env, { envFile: available.file, used }),
  });
  const schemasFolder = resolve(
    dirname(file),
    String((written.data as { schemas?: unknown } | null | undefined)?.schemas ?? 'schemas'),
  );
  // The file before variables are filled in. The YAML reader reports a key given twice.
  const source: unknown = written.data === undefined ? undefined : parse(text, { uniqueKeys: false });
  const further = [
    ...relationProblems(written),
    ...secretProblems(written, source),
    ...credentialProblems(written, source),
    ...folderProblems(written, dirname(file)),
    ...overlapProblems(written),
    ...requestProblems(written, schemasFolder),
    ...historyProblems(written, schemasFolder),
  ];
  // For a secret, the message of the spec would reveal the value.
  const secrets = new Set(further.map(({ path }) => path).filter(isSecret));
  const problems = inOrder([...written.problems.filter(({ path }) => !secrets.has(path)), ...further]);
  const about = { name, variables: originsOf(used, available), exposure: available.exposure };
  if (problems.length === 0 && written.value) {
    keepSecretsIn(written.value);
    return { ...about, config: complete(written.value, file, dirname(file)), problems };
  }
  const rest = options.tolerateUnset ? withoutUnset(problems, text, name, available.env) : undefined;
  keepSecretsIn(rest?.written);
  return rest
    ? { ...about, config: complete(rest.written, file, dirname(file), rest.unset), problems: [] }
    : { ...about, problems };
}

function originsOf(used: Map<string, VariableUse>, { fromFile }: Variables): CheckedConfig['variables'] {
  const originOf = (name: string, use: VariableUse) =>
    use !== 'set' ? use : fromFile.has(name) ? '.env' : 'environment';
  return Object.fromEntries([...used].map(([name, use]) => [name, originOf(name, use)]));
}

/** The example that comes with the program. */
export const examplePath = fileURLToPath(new URL('../../pipelines.yaml', import.meta.url));

/** The next step for a file without pipelines. */
export const firstSteps = `Add \`sellers:\` and \`pipelines:\`. ${examplePath} is an example to copy from; docs/pipelines.md describes every key.`;

/** Returns the text of the file; one with nothing but comments is an empty map. */
function textOf(file: string, name: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    return text.replace(/^\s*#.*$/gm, '').trim() === '' ? '{}' : text;
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? describeError(error);
    throw new ReportsError('FILE_UNREADABLE', { path: name, found }, { cause: error });
  }
}

/** Returns the path as a user in that folder would write it. */
function shown(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path.startsWith('..') ? file : path;
}
