import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { docsPages } from '../../scripts/docs-pages.js';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

describe('the documentation:', () => {
  for (const [path, text] of docsPages()) {
    it(`${path} is up to date with the program (npm run docs writes it)`, () => {
      assert.equal(read(path), text);
    });
  }

  it('the README names every command', () => {
    const commands = [...read('docs/cli.md').matchAll(/^## sp-reports (\w+)$/gm)].map(([, name]) => name);
    assert.ok(commands.length > 10);
    for (const name of commands)
      assert.match(read('README.md'), new RegExp(`\`${name}[ \`]`), `${name} is missing`);
  });

  it('the page of report types lists each of them once, and links to it from the index', () => {
    const page = read('docs/report-types.md');
    const types = readdirSync(new URL('schemas', root))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => name.replace(/\.yaml$/, ''));
    const headings = [...page.matchAll(/^## ([A-Z][A-Z0-9_]+)$/gm)].map(([, type]) => type);
    assert.deepEqual(headings.sort(), types.sort());
    const links = [...page.matchAll(/^\| \[(\w+)\]\(#(\w+)\)/gm)].map(([, type = '', anchor]) => [
      type,
      anchor,
    ]);
    assert.deepEqual(links.map(([type]) => type).sort(), types);
    for (const [type = '', anchor] of links) assert.equal(anchor, type.toLowerCase());
  });

  it('every link of the README leads to a file', () => {
    for (const [, path = ''] of read('README.md').matchAll(/\]\(([^)#:]+)\)/g)) {
      assert.ok(read(path).length > 0, path);
    }
  });
});
