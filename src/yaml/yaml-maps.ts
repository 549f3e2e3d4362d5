import type { YamlFile } from './read-yaml.js';

/** A map of a YAML file that has not been validated. */
export type YamlMap = Record<string, unknown>;

export type ProblemAt = YamlFile<unknown>['problemAt'];

export function mapOf(value: unknown): YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as YamlMap) : {};
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textsOf(values: unknown[]): string[] {
  return values.filter((value) => typeof value === 'string');
}
