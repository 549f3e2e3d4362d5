import { parse } from 'yaml';
import { type YamlProblem, readYaml } from '../yaml/read-yaml.js';
import type { Unset, WrittenConfig } from './complete.js';
import { pipelineRuleSpec } from './pipeline-spec.js';
import { isSecret } from './secrets.js';
import type { SellerIds } from './seller-ids.js';
import { configSpec } from './spec.js';
import { substituteFrom } from './substitute.js';

/**
 * Returns the settings without the sellers, pipelines, hash key, status page, alarms and queue
 * credentials whose variables are unset; undefined if anything else is wrong.
 */
export function withoutUnset(
  problems: YamlProblem[],
  text: string,
  file: string,
  env: NodeJS.ProcessEnv,
): { written: WrittenConfig; unset: Unset } | undefined {
  if (
    !problems.every(
      ({ path, code }) =>
        code === 'VARIABLE_UNSET' && (/^(sellers|pipelines)\[/.test(path) || isSecret(path)),
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
    isUnset('sellers', index) ? idsOf(seller) : [],
  );
  for (const key of ['sellers', 'pipelines']) {
    others[key] = (others[key] ?? []).filter((_, index) => !isUnset(key, index));
  }
  const rest = {
    ...others,
    aws: problems.some(({ path }) => path.startsWith('aws.')) ? { ...aws, credentials: undefined } : aws,
    piiHashKey: unset.has('piiHashKey') ? undefined : piiHashKey,
    status: unset.has('status.token') ? undefined : status,
    alarms: unset.has('alarms.webhook') ? undefined : alarms,
  };
  const { value } = readYaml({
    text: JSON.stringify(rest),
    file,
    spec: configSpec,
    substitute: substituteFrom(env),
  });
  return value && { written: value, unset: { unsetSellers, unsetPipelines: rules.data } };
}

function idsOf(seller: unknown): SellerIds {
  const { id, accountIds } = (seller ?? {}) as { id?: unknown; accountIds?: unknown };
  return { id: String(id), accountIds: Array.isArray(accountIds) ? accountIds.map(String) : [] };
}
