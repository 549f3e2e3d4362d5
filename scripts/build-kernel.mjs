import { renameSync, writeFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

/**
 * Compiles src/kernel/assembly, and derives the TypeScript signatures of its exports from what the
 * compiler knows, so that a changed function fails to compile where it is called.
 */
const config = 'src/kernel/asconfig.json';
const binary = 'src/kernel/kernel.wasm';
const typings = 'src/kernel/kernel-exports.ts';

const outputs = new Map();
const { error, stderr } = await asc.main(['--config', config, '--bindings', 'raw'], {
  writeFile: (name, contents) => void outputs.set(name.slice(name.lastIndexOf('.')), contents),
});
if (error) {
  process.stderr.write(stderr.toString());
  process.exit(1);
}
writeWhole(typings, exportsInterface(String(outputs.get('.ts'))));
writeWhole(binary, outputs.get('.wasm'));

/** Another process may read or build the kernel at the same time. */
function writeWhole(path, contents) {
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, contents);
  renameSync(partial, path);
}

/**
 * The compiler's own `.d.ts` describes exports behind its JavaScript wrapper, which is not used
 * here: WebAssembly itself has no booleans, only 0 and 1.
 */
function exportsInterface(declarations) {
  const [functions, variables] = [
    /export function (\w+)\((.*)\): (\w+);/g,
    /export const (\w+): \{\s*\/\*\* @type `(?:[iu](?:8|16|32)|bool)` \*\//g,
  ].map((form) => [...declarations.matchAll(form)]);
  const names = [...declarations.matchAll(/export (?:function|const) (\w+)/g)].map(([, name]) => name);
  const known = new Set(['memory', ...[...functions, ...variables].map(([, name]) => name)]);
  const unknown = names.filter((name) => name !== 'instantiate' && !known.has(name));
  if (unknown.length > 0) throw new Error(`cannot type the kernel's exports ${unknown.join(', ')}`);
  const members = [
    'memory: WebAssembly.Memory;',
    ...functions.map(([, name, parameters, result]) => `${name}(${parameters}): ${result};`),
    ...variables.map(([, name]) => `${name}: WebAssembly.Global;`),
  ];
  const body = members.map((member) => `  ${member.replaceAll(/: boolean\b/g, ': number')}\n`).join('');
  return `// Written by scripts/build-kernel.mjs from assembly/. Do not edit.

/** The exports of kernel.wasm. Numbers named for something in memory are its address in bytes. */
export interface KernelExports {
${body}}
`;
}
