import { z } from 'zod';

/** The parts of JSON Schema that zod writes for the specs of this program. */
export interface JsonSchema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
}

const jsonSchemas = new WeakMap<z.ZodType, JsonSchema>();

/**
 * Returns the JSON Schema of what a user may write in a YAML file of this spec, in draft 7, which
 * editors support best.
 */
export function jsonSchema(spec: z.ZodType): JsonSchema {
  const made =
    jsonSchemas.get(spec) ??
    (z.toJSONSchema(spec, { io: 'input', target: 'draft-7', unrepresentable: 'any' }) as JsonSchema);
  jsonSchemas.set(spec, made);
  return made;
}

/**
 * Returns Markdown tables of all keys of a spec: one for the top level, then one per nested map
 * under a heading such as `pipelines[].limits`. Type, default and description come from the spec.
 */
export function referencePage(spec: z.ZodType, options: { headingLevel?: number } = {}): string {
  const heading = '#'.repeat(options.headingLevel ?? 2);
  const sections = sectionsOf(jsonSchema(spec), '');
  return sections
    .map(({ path, schema }) => {
      const title = path === '' ? [] : [`${heading} \`${path}\``, ''];
      return [...title, ...keyTable(schema), ''].join('\n');
    })
    .join('\n');
}

/** Returns the alternatives of a union, or the schema itself. */
export function alternatives(schema: JsonSchema): JsonSchema[] {
  const options = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  return options ? options.flatMap(alternatives) : [schema];
}

interface Section {
  path: string;
  schema: JsonSchema;
}

function sectionsOf(schema: JsonSchema, path: string): Section[] {
  return alternatives(schema).flatMap((option) => {
    if (option.items) return sectionsOf(option.items, `${path}[]`);
    if (typeof option.additionalProperties === 'object' && !option.properties) {
      return sectionsOf(option.additionalProperties, join(path, '<name>'));
    }
    if (!option.properties) return [];
    const nested = Object.entries(option.properties).flatMap(([key, value]) =>
      sectionsOf(value, join(path, key)),
    );
    return [{ path, schema: option }, ...nested];
  });
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function keyTable(schema: JsonSchema): string[] {
  const required = new Set(schema.required);
  const rows = Object.entries(schema.properties ?? {}).map(([key, value]) => {
    const fallback =
      value.default !== undefined
        ? `\`${JSON.stringify(value.default)}\``
        : required.has(key)
          ? '**required**'
          : '';
    return `| \`${key}\` | ${typeText(value)} | ${fallback} | ${cell(descriptionOf(value))} |`;
  });
  return ['| key | type | default | description |', '|---|---|---|---|', ...rows];
}

/** Returns its own description, or that of the items of a list or map. */
function descriptionOf(schema: JsonSchema): string {
  if (schema.description !== undefined) return schema.description;
  const { additionalProperties, items } = alternatives(schema)[0] ?? {};
  const held = items ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
  return held ? descriptionOf(held) : '';
}

function typeText(schema: JsonSchema): string {
  const options = alternatives(schema);
  if (options.length > 1) return [...new Set(options.map(typeText))].join(' or ');
  const [option] = options;
  if (!option) return 'anything';
  if (option.const !== undefined) return `\`${cell(String(option.const))}\``;
  if (option.enum) return option.enum.map((value) => `\`${cell(String(value))}\``).join(', ');
  if (option.items) return `list of ${typeText(option.items)}`;
  if (option.properties) return 'map';
  if (typeof option.additionalProperties === 'object')
    return `map of names to ${typeText(option.additionalProperties)}`;
  const type = typeof option.type === 'string' ? option.type : 'anything';
  const word = type === 'boolean' ? '`true`, `false`' : type === 'object' ? 'map' : type;
  return `${word}${rangeText(option)}`;
}

function rangeText({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  // zod states JavaScript's own limits for integers, which mean nothing to a reader.
  const low = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? `at least ${minimum}` : undefined;
  const high = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `at most ${maximum}` : undefined;
  const above = exclusiveMinimum !== undefined ? `above ${exclusiveMinimum}` : undefined;
  const below = exclusiveMaximum !== undefined ? `below ${exclusiveMaximum}` : undefined;
  if (minimum !== undefined && maximum !== undefined && low && high) return ` ${minimum} to ${maximum}`;
  const limits = [low, above, high, below].filter((limit) => limit !== undefined);
  return limits.length > 0 ? ` ${limits.join(', ')}` : '';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
