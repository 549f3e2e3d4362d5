import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { build } from 'esbuild';
import { SourceTexts } from './source-texts.js';

export const root = join(import.meta.dirname, '../..');

/** What a process of the program is given in place of the machine: globals and modules by name. */
export interface Surroundings {
  globals: Record<string, unknown>;
  modules: Record<string, unknown>;
}

/** The program, which can be started any number of times; each start has modules of its own. */
export interface Program {
  start(surroundings: Surroundings): ProgramExports;
}

export interface ProgramExports {
  runCli: typeof import('../../src/cli.js').runCli;
  /** The report schemas that were read, as the built program has them. */
  compiledJson: typeof import('../../src/schema/compiled.js').compiledJson;
}

/** A change of one file of `src`, for proving that the simulation finds what it breaks. */
export interface Mutation {
  file: string;
  from: string;
  to: string;
}

const exported =
  "export { runCli } from './src/cli.ts'; export { compiledJson } from './src/schema/compiled.ts';";

const globalNames = [
  'require',
  'module',
  'exports',
  'fetch',
  'process',
  'Date',
  'Math',
  'performance',
  'AbortSignal',
  'WebAssembly',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
] as const;

/** What takes the place of `openWarehouse`: a warehouse in memory, or the real one, watched. */
export type WarehouseModule = 'memory-warehouse' | 'real-warehouses';

/**
 * Bundles `src` into one script whose parameters are everything that reaches out of it. Only
 * `openWarehouse` is another file. The packages that it uses are shared by all processes: they keep
 * nothing.
 */
export async function buildProgram(
  mutation?: Mutation,
  warehouse: WarehouseModule = 'memory-warehouse',
): Promise<Program> {
  const texts = new SourceTexts(root, mutation);
  const { outputFiles } = await build({
    stdin: { contents: exported, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    supported: { 'dynamic-import': false },
    logLevel: 'error',
    plugins: [
      {
        name: 'simulated',
        setup({ onResolve, onLoad }) {
          const openWarehouse = join(import.meta.dirname, warehouse, 'open-warehouse.ts');
          onResolve({ filter: /\/open-warehouse\.js$/ }, ({ importer }) =>
            importer === openWarehouse ? undefined : { path: openWarehouse },
          );
          // The place of a file, which it finds others by.
          onLoad({ filter: /\.ts$/ }, ({ path }) => ({
            contents: texts
              .read(path)
              .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
            loader: 'ts',
          }));
        },
      },
    ],
  });
  texts.assertChanged();
  const [bundle] = outputFiles;
  const script = new Script(`(function (${globalNames.join(', ')}) { ${bundle?.text}\n})`, {
    filename: join(root, 'src/simulated.cjs'),
  });
  const run = script.runInThisContext() as (...globals: unknown[]) => void;
  const requireReal = createRequire(join(root, 'src/cli.ts'));
  const real = new Map<string, unknown>();

  return {
    start({ globals, modules }) {
      const module = { exports: {} };
      const require = (name: string): unknown => {
        if (name in modules) return modules[name];
        if (!real.has(name)) real.set(name, requireReal(name));
        return real.get(name);
      };
      const given: Record<string, unknown> = { ...globals, require, module, exports: module.exports };
      run(...globalNames.map((name) => given[name]));
      return module.exports as ProgramExports;
    },
  };
}
