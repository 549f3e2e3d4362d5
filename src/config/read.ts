import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { z } from 'zod';
import { count } from '../count.js';
import { describeError, ReportsError } from '../errors.js';
import { marketplaceId, marketplaces } from '../schema/marketplaces.js';
import { bucketUrlText, readBucketUrl } from '../bucket-url.js';
import { formatProblem, inOrder, type Problem, readYaml, type YamlFile } from '../yaml-problems.js';
import { credentialProblems } from './credential-problems.js';
import { folderProblems } from './folder-problems.js';
import { requestProblems } from './request-problems.js';
import { type Config, configSpec, pipelineRuleSpec, type WarehouseConfig } from './spec.js';
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

/** Reads pipelines.yaml. Errors: CONFIG_NOT_FOUND; FILE_UNREADABLE; CONFIG_INVALID with all mistakes at once, each with its place. */
export function readConfig(options: ReadConfigOptions): Config {
  const checked = checkConfig(options);
  if (checked.config) return checked.config;
  throw mistakesError(checked);
}

/** How messages name the warehouse: the path of its file, or its dataset. */
export function warehouseName({ warehouse }: Pick<Config, 'warehouse'>): string {
  return warehouse.type === 'duckdb' ? warehouse.path : `bigquery:${warehouse.project}.${warehouse.dataset}`;
}

/** The error CONFIG_INVALID that tells of the mistakes. */
export function mistakesError({ name, problems }: CheckedConfig): ReportsError {
  return new ReportsError('CONFIG_INVALID', {
    path: name,
    count: count(problems.length, 'mistake'),
    problems: problems.map(formatProblem).join('\n'),
  });
}

/** What pipelines.yaml comes to, or its mistakes in the order of the file. */
export interface CheckedConfig {
  /** The file as a user would write it. */
  name: string;
  config?: Config;
  problems: Problem[];
}

/** Reads pipelines.yaml and gives its mistakes back. Errors: CONFIG_NOT_FOUND, FILE_UNREADABLE. */
export function checkConfig(options: ReadConfigOptions): CheckedConfig {
  const file = resolve(options.cwd, options.path ?? 'pipelines.yaml');
  const name = shown(file, options.cwd);
  if (!existsSync(file)) {
    if (options.path === undefined && options.missing === 'defaults') {
      return { name, config: complete(configSpec.parse({}), null, resolve(options.cwd)), problems: [] };
    }
    throw new ReportsError('CONFIG_NOT_FOUND', { path: name });
  }
  const text = textOf(file, name);
  const written = readYaml({
    text,
    file: name,
    spec: configSpec,
    substitute: substituteFrom(options.env),
  });
  const schemasFolder = resolve(
    dirname(file),
    String((written.data as { schemas?: unknown } | null | undefined)?.schemas ?? 'schemas'),
  );
  const further = [
    ...furtherProblems(written, text),
    ...credentialProblems(written, text),
    ...folderProblems(written, dirname(file)),
    ...requestProblems(written, schemasFolder),
  ];
  // At a secret the spec would tell what it found.
  const isSecret = (path: string) =>
    path.includes('.credentials') || ['piiHashKey', 'status.token', 'alarms.webhook'].includes(path);
  const secrets = new Set(further.map(({ path }) => path).filter(isSecret));
  const problems = inOrder([...written.problems.filter(({ path }) => !secrets.has(path)), ...further]);
  if (problems.length === 0 && written.value) {
    return { name, config: complete(written.value, file, dirname(file)), problems };
  }
  const rest = options.tolerateUnset ? withoutUnset(problems, text, name, options) : undefined;
  return rest
    ? { name, config: complete(rest.written, file, dirname(file), rest.unset), problems: [] }
    : { name, problems };
}

/** The example that comes with the program. */
export const examplePath = fileURLToPath(new URL('../../pipelines.yaml', import.meta.url));

/** What to do about a file without pipelines. */
export const firstSteps = `Add \`sellers:\` and \`pipelines:\`; ${examplePath} is an example to copy from, docs/pipelines.md describes every key.`;

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
          problemAt([key, index, unique], `"${item[unique]}" is used by ${key}[${first}] already`),
        );
      }
    });
  }
  const owners = new Map<unknown, number>();
  // A key given twice is told by the reader.
  const asWritten = parse(text, { uniqueKeys: false }) as {
    piiHashKey?: unknown;
    status?: { token?: unknown } | null;
    alarms?: { webhook?: unknown } | null;
  } | null;
  const hashKey = asWritten?.piiHashKey;
  if (hashKey !== undefined && !isVariable(hashKey)) {
    const message = 'the key comes from the environment; write a variable such as ${PII_HASH_KEY}';
    problems.push(problemAt(['piiHashKey'], message));
  }
  const token = asWritten?.status?.token;
  if (token !== undefined && token !== null && !isVariable(token)) {
    const message =
      'the token comes from the environment; write a variable such as ${SP_REPORTS_STATUS_TOKEN}';
    problems.push(problemAt(['status', 'token'], message));
  }
  const webhook = asWritten?.alarms?.webhook;
  if (webhook !== undefined && webhook !== null && !isVariable(webhook)) {
    const message =
      'whoever knows the address can write there, so it comes from the environment; write a variable such as ${SP_REPORTS_ALARM_WEBHOOK}';
    problems.push(problemAt(['alarms', 'webhook'], message));
  }
  list('pipelines').forEach(({ pii }, index) => {
    if (pii !== 'hash' || hashKey !== undefined) return;
    const message = 'hash needs a key: `piiHashKey: ${PII_HASH_KEY}` at the top of the file';
    problems.push(problemAt(['pipelines', index, 'pii'], message));
  });
  list('sellers').forEach((seller, index) => {
    const ids = Array.isArray(seller.marketplaces) ? seller.marketplaces : [];
    ids.forEach((id, position) => {
      const known = marketplaces[marketplaceId(String(id)) ?? ''];
      if (known && typeof seller.region === 'string' && known.region !== seller.region) {
        const message = `${known.country} is in region ${known.region}, the seller in ${seller.region}; a seller has one entry per region`;
        problems.push(problemAt(['sellers', index, 'marketplaces', position], message));
      }
    });
    const accountIds = Array.isArray(seller.accountIds) ? seller.accountIds : [];
    accountIds.forEach((id, position) => {
      const first = owners.get(id) ?? index;
      if (first !== index) {
        const message = `"${id}" belongs to sellers[${first}] already`;
        problems.push(problemAt(['sellers', index, 'accountIds', position], message));
      }
      owners.set(id, first);
    });
  });
  return problems;
}

/**
 * The settings without the sellers, pipelines, hash key, status page, alarms and credentials of the queues whose variables are unset, where
 * nothing else is wrong.
 */
function withoutUnset(
  problems: Problem[],
  text: string,
  file: string,
  { env }: ReadConfigOptions,
): { written: WrittenConfig; unset: Unset } | undefined {
  if (
    !problems.every(
      ({ path, message }) =>
        /^((sellers|pipelines)\[|aws\.credentials\.|piiHashKey$|status\.token$|alarms\.webhook$)/.test(
          path,
        ) && message.includes('is not set; set it'),
    )
  ) {
    return undefined;
  }
  const unset = new Set(problems.map(({ path }) => path.slice(0, path.indexOf(']') + 1) || path));
  const { piiHashKey, status, alarms, aws, ...others } = parse(text) as Record<string, unknown[]>;
  const isUnset = (key: string, index: number) => unset.has(`${key}[${index}]`);
  const rules = pipelineRuleSpec
    .array()
    .safeParse((others.pipelines ?? []).filter((_, index) => isUnset('pipelines', index)));
  if (!rules.success) return undefined;
  const unsetSellers = (others.sellers ?? []).flatMap((seller, index) =>
    isUnset('sellers', index) ? String((seller as { id?: unknown } | null)?.id) : [],
  );
  for (const key of ['sellers', 'pipelines']) {
    others[key] = (others[key] ?? []).filter((_, index) => !isUnset(key, index));
  }
  const rest = {
    ...others,
    ...(problems.some(({ path }) => path.startsWith('aws.'))
      ? { aws: { ...aws, credentials: undefined } }
      : { aws }),
    ...(unset.has('piiHashKey') ? {} : { piiHashKey }),
    ...(unset.has('status.token') ? {} : { status }),
    ...(unset.has('alarms.webhook') ? {} : { alarms }),
  };
  const { value } = readYaml({
    text: JSON.stringify(rest),
    file,
    spec: configSpec,
    substitute: substituteFrom(env),
  });
  return value && { written: value, unset: { unsetSellers, unsetPipelines: rules.data } };
}

type WrittenConfig = z.output<typeof configSpec>;

type Unset = Pick<Config, 'unsetSellers' | 'unsetPipelines'>;

function complete(
  written: WrittenConfig,
  file: string | null,
  folder: string,
  unset: Unset = { unsetSellers: [], unsetPipelines: [] },
): Config {
  const { aws, api, bucket, ...rest } = written;
  return deepFreeze({
    ...rest,
    ...unset,
    file,
    folder,
    warehouse: warehouseConfig(rest.warehouse, folder),
    lake: storePlace(rest.lake, folder),
    raw: storePlace(rest.raw, folder),
    bucket: {
      ...(bucket.region ? { region: bucket.region } : {}),
      ...(bucket.keyFile ? { keyFile: resolve(folder, bucket.keyFile) } : {}),
      ...(bucket.endpoint ? { endpoint: bucket.endpoint } : {}),
    },
    state: resolve(folder, rest.state),
    schemas: resolve(folder, rest.schemas),
    aws: {
      ...(aws.region ? { region: aws.region } : {}),
      ...(aws.endpoint ? { endpoint: aws.endpoint } : {}),
      ...(aws.credentials ? { credentials: aws.credentials } : {}),
    },
    api: {
      ...(api.endpoint ? { endpoint: api.endpoint } : {}),
      ...(api.loginUrl ? { loginUrl: api.loginUrl } : {}),
    },
  });
}

function storePlace(written: string, folder: string): string {
  const url = readBucketUrl(written);
  return url ? bucketUrlText(url) : resolve(folder, written);
}

function warehouseConfig(written: WrittenConfig['warehouse'], folder: string): WarehouseConfig {
  const {
    type,
    path,
    memoryLimitMegabytes,
    project = '',
    dataset = '',
    location,
    keyFile,
    endpoint,
  } = written;
  if (type === 'duckdb') return { type, path: resolve(folder, path), memoryLimitMegabytes };
  return {
    type,
    project,
    dataset,
    location,
    ...(keyFile && { keyFile: resolve(folder, keyFile) }),
    ...(endpoint && { endpoint }),
    memoryLimitMegabytes,
  };
}

/** The text of the file; one that holds nothing but comments is an empty map. */
function textOf(file: string, name: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    return text.replace(/^\s*#.*$/gm, '').trim() === '' ? '{}' : text;
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? describeError(error);
    throw new ReportsError('FILE_UNREADABLE', { path: name, found }, { cause: error });
  }
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
