import { parse } from 'yaml';
import type { Problem, YamlFile } from '../yaml/read-yaml.js';
import { valueAt, type YamlPath } from '../yaml/spec-issues.js';
import { isVariable } from './substitute.js';

const secrets: { path: YamlPath; message: string }[] = [
  {
    path: ['piiHashKey'],
    message: 'the key comes from the environment; write a variable such as ${PII_HASH_KEY}',
  },
  {
    path: ['status', 'token'],
    message: 'the token comes from the environment; write a variable such as ${SP_REPORTS_STATUS_TOKEN}',
  },
  {
    path: ['alarms', 'webhook'],
    message:
      'whoever knows the address can write there, so it comes from the environment; write a variable such as ${SP_REPORTS_ALARM_WEBHOOK}',
  },
];

/** Secrets beside the credentials that are written into the file: they come from the environment. */
export function secretProblems({ data, problemAt }: YamlFile<unknown>, text: string): Problem[] {
  if (data === undefined) return [];
  // A key given twice is told by the reader.
  const written: unknown = parse(text, { uniqueKeys: false });
  return secrets.flatMap(({ path, message }) => {
    const value = valueAt(written, path);
    return value === undefined || isVariable(value) ? [] : [problemAt(path, message)];
  });
}
