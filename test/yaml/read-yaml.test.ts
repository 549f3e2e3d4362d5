import assert from 'node:assert/strict';
import { z } from 'zod';
import { formatProblem, readYaml } from '../../src/yaml/read-yaml.js';
import { jsonSchema, referencePage } from '../../src/yaml/spec-reference.js';
import { nearestName } from '../../src/text/nearest-name.js';

const spec = z
  .strictObject({
    name: z.string().describe('What it is | called.'),
    mode: z.enum(['fast', 'safe']).default('safe').describe('How it runs.'),
    types: z.union([z.literal('*'), z.array(z.string()).min(1)]).describe('Which ones.'),
    limits: z.strictObject({ messages: z.int().min(1).max(10).default(5).describe('How many.') }).optional(),
    sellers: z.record(z.string(), z.strictObject({ region: z.enum(['na', 'eu']) })).default({}),
    pipelines: z.array(z.strictObject({ schedule: z.string() })).default([]),
  })
  .describe('Settings.');

function problemsIn(text: string): string[] {
  return readYaml({ text, file: 'a.yaml', spec }).problems.map(formatProblem);
}

describe('reading YAML by a spec', () => {
  it('returns the value with its defaults', () => {
    const { value, problems } = readYaml({ text: 'name: x\ntypes: "*"\n', file: 'a.yaml', spec });
    assert.deepEqual(problems, []);
    assert.deepEqual(value, { name: 'x', mode: 'safe', types: '*', sellers: {}, pipelines: [] });
  });

  it('prints no warning of its own, whatever is in the file', async () => {
    const warnings: string[] = [];
    const listen = ({ message }: Error) => warnings.push(message);
    process.on('warning', listen);
    readYaml({ text: '{ name: x, types: "*" }: 1\n', file: 'a.yaml', spec });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    assert.deepEqual(warnings, []);
  });

  it('reports the position of an unknown key and the key that was meant, once', () => {
    assert.deepEqual(problemsIn('name: x\ntypes: [A]\npipelines:\n  - shedule: "* * * * *"\n'), [
      'a.yaml:4:5 pipelines[0].shedule: unknown key; did you mean "schedule"?',
    ]);
  });

  it('lists the keys it knows if none is near', () => {
    assert.deepEqual(problemsIn('name: x\ntypes: [A]\nlimits: { colour: 1 }\n'), [
      'a.yaml:3:11 limits.colour: unknown key; known here: messages',
    ]);
  });

  it('reports a missing key at the map that lacks it', () => {
    assert.deepEqual(problemsIn('name: x\ntypes: [A]\nsellers:\n  S1:\n    {}\n'), [
      'a.yaml:5:5 sellers.S1.region: missing; expected one of na, eu',
    ]);
  });

  it('reports what was found instead of a value', () => {
    assert.deepEqual(
      problemsIn('name: 007\nmode: fsat\ntypes: 3\nlimits: { messages: 99 }\nsellers: []\npipelines:\n'),
      [
        'a.yaml:1:7 name: expected text, found 7; put it in quotes',
        'a.yaml:2:7 mode: expected one of fast, safe, found "fsat"; did you mean "fast"?',
        'a.yaml:3:8 types: expected "*" or a list, found 3',
        'a.yaml:4:21 limits.messages: expected at most 10, found 99',
        'a.yaml:5:10 sellers: expected a map, found an empty list',
        'a.yaml:6:1 pipelines: expected a list, found nothing',
      ],
    );
  });

  it('reports only what is wrong with the option of a union that was meant', () => {
    assert.deepEqual(problemsIn('name: x\ntypes: [A, 1]\n'), [
      'a.yaml:2:12 types[1]: expected text, found 1; put it in quotes',
    ]);
  });

  it('reports a key that is given twice beside all other problems', () => {
    assert.deepEqual(problemsIn('name: x\ntypes: [A]\nlimits:\n  messages: 0\n  messages: 11\n'), [
      'a.yaml:5:3 limits.messages: key given twice; keep one',
      'a.yaml:5:13 limits.messages: expected at most 10, found 11',
    ]);
  });

  it('reports only the YAML mistakes of bad YAML', () => {
    assert.deepEqual(problemsIn('name: x\n\tmode: fast\n'), [
      'a.yaml:2:1 not valid YAML: Tabs are not allowed as indentation',
    ]);
    assert.deepEqual(problemsIn('name: *x\n'), ['a.yaml:1:7 not valid YAML: no anchor &x before *x']);
    assert.deepEqual(problemsIn('name: x\n---\nname: y\n'), [
      'a.yaml:2:1 not valid here: a second YAML document; keep one',
    ]);
  });

  it('reports an empty file, and follows aliases, BOM and CRLF to the right position', () => {
    assert.deepEqual(problemsIn(''), ['a.yaml:1:1 expected a map, found nothing']);
    assert.deepEqual(
      problemsIn('\uFEFFname: x\r\ntypes: [A]\r\nsellers:\r\n  S1: &s { region: us }\r\n  S2: *s\r\n'),
      [
        'a.yaml:4:20 sellers.S1.region: expected one of na, eu, found "us"',
        'a.yaml:4:20 sellers.S2.region: expected one of na, eu, found "us"',
      ],
    );
  });

  it('gives positions to problems of later checks, also if the spec found some', () => {
    const yaml = readYaml({ text: 'name: 1\ntypes:\n  - A\n  - A\n', file: 'a.yaml', spec });
    assert.deepEqual(yaml.data, { name: 1, types: ['A', 'A'] });
    assert.equal(
      formatProblem(yaml.problemAt(['types', 1], 'given twice')),
      'a.yaml:4:5 types[1]: given twice',
    );
    assert.equal(formatProblem(yaml.problemAt(['types'], 'no', 'key')), 'a.yaml:2:1 types: no');
    assert.equal(formatProblem(yaml.problemAt(['types', 7, 'x'], 'gone')), 'a.yaml:3:3 types[7].x: gone');
  });
});

describe('the nearest name', () => {
  it('tolerates differences in letters, case, blanks and joiners, within reason', () => {
    const names = ['schedule', 'timeZone', 'queue', 'id'];
    assert.equal(nearestName('shedule', names), 'schedule');
    assert.equal(nearestName('time_zone', names), 'timeZone');
    assert.equal(nearestName('quuee', names), 'queue');
    assert.equal(nearestName('colour', names), undefined);
    assert.equal(nearestName('ia', names), undefined);
  });
});

describe('the documentation of a spec', () => {
  it('has each key with type, default and description on the reference page', () => {
    const page = referencePage(spec);
    for (const row of [
      '| `name` | string | **required** | What it is \\| called. |',
      '| `mode` | `fast`, `safe` | `"safe"` | How it runs. |',
      '| `types` | `*` or list of string | **required** | Which ones. |',
      '## `limits`',
      '| `messages` | integer 1 to 10 | `5` | How many. |',
      '## `sellers.<name>`',
      '## `pipelines[]`',
    ]) {
      assert.ok(page.split('\n').includes(row), `${row} in\n${page}`);
    }
  });

  it('has a JSON Schema in which keys with a default are not required', () => {
    assert.deepEqual(jsonSchema(spec).required, ['name', 'types']);
  });
});
