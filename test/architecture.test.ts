import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * The rooms of `src/`, from the top down, as docs/architecture.md lists them: a room imports only
 * rooms below it.
 */
const rooms = [
  'cli.ts',
  'commands',
  'library',
  'mcp',
  'status',
  'runs',
  'requests',
  'discovery',
  'maintenance',
  'ingest',
  'scheduling',
  'sandbox',
  'connect',
  'privacy',
  'warehouse',
  'parquet',
  'parse',
  'kernel',
  'source',
  'config',
  'store',
  'schema',
  'files',
  'yaml',
  'text',
  'runtime',
  'errors',
];

interface Import {
  from: string;
  to: string;
  /** Whether the file is read when the importing one is: not a type, not `import()`. */
  isRead: boolean;
}

const folder = join(import.meta.dirname, '../src');

/** Every import between files of `src/`, including type-only ones; paths are relative to `src/`. */
const imports: Import[] = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.startsWith('kernel/assembly/'))
  .flatMap((from) => {
    const text = readFileSync(join(folder, from), 'utf8');
    const found = text.matchAll(
      /(?:^(?:import|export) (type )?[^;']*?from |^import |(import\())'(\.[^']+)'/gm,
    );
    return [...found].map(([, type, call, target = '']) => ({
      from,
      to: normalize(join(dirname(from), target)).replace(/\.js$/, '.ts'),
      isRead: type === undefined && call === undefined,
    }));
  });

const roomOf = (file: string) => file.split('/')[0] ?? file;
const folderOf = (file: string) => dirname(file);

describe('the architecture', () => {
  it('lists every folder of src in the order of rooms', () => {
    const found = new Set(imports.flatMap(({ from, to }) => [roomOf(from), roomOf(to)]));
    const unlisted = [...found].filter((room) => !rooms.includes(room) && !room.startsWith('main'));
    assert.deepEqual(unlisted, []);
  });

  it('lets imports between rooms point only down', () => {
    const upward = imports.filter(({ from, to }) => {
      const [above, below] = [rooms.indexOf(roomOf(from)), rooms.indexOf(roomOf(to))];
      return above >= 0 && below >= 0 && below < above;
    });
    assert.deepEqual(
      upward.map(({ from, to }) => `${from} imports ${to}`),
      [],
    );
  });

  it('reads what a command works with only when the command runs, so that help is shown at once', () => {
    const read = new Set(['cli.ts']);
    for (const file of read)
      for (const { from, to, isRead } of imports) if (isRead && from === file) read.add(to);
    const light = /^(cli|errors|text|runtime|schema\/marketplaces|source\/selling-partner\/limits)\b/;
    const heavy = [...read].filter((file) => !light.test(file) && !isDefinition(file));
    assert.deepEqual(heavy.sort(), ['config/default-limits.ts', 'scheduling/calls-left.ts']);
  });

  it('has no import cycles between files', () => {
    assert.deepEqual(circlesOf(imports.map(({ from, to }) => [from, to])), []);
  });

  it('has no import cycles between folders', () => {
    // A folder and its subfolders are one room.
    const between = imports
      .map(({ from, to }): [string, string] => [folderOf(from), folderOf(to)])
      .filter(([from, to]) => !`${from}/`.startsWith(`${to}/`) && !`${to}/`.startsWith(`${from}/`));
    assert.deepEqual(circlesOf(between), []);
  });
});

/** Whether a file defines commands and their options. */
function isDefinition(file: string): boolean {
  return /^commands\/([^/]+|setup\/(sample-)?options)\.ts$/.test(file);
}

/** The cycles of a graph: each group of nodes that reach one another (Tarjan's algorithm). */
function circlesOf(edges: [string, string][]): string[][] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of edges) if (from !== to) next.set(from, (next.get(from) ?? new Set()).add(to));
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (node: string): void => {
    order.set(node, order.size);
    lowest.set(node, order.get(node) ?? 0);
    stack.push(node);
    for (const other of next.get(node) ?? []) {
      if (!order.has(other)) visit(other);
      if (stack.includes(other)) lowest.set(node, Math.min(lowest.get(node) ?? 0, lowest.get(other) ?? 0));
    }
    if (lowest.get(node) !== order.get(node)) return;
    const circle = stack.splice(stack.indexOf(node));
    if (circle.length > 1) circles.push(circle.sort());
  };
  for (const node of next.keys()) if (!order.has(node)) visit(node);
  return circles;
}
