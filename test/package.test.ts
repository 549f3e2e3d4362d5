import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { buildProgram } from '../src/cli.js';
import { warningCatalogue } from '../src/errors/warnings.js';
import { catalogue } from '../src/errors/reports-error.js';
import { Terminal } from './commands/terminal.js';
import type { Command } from 'commander';

const root = join(import.meta.dirname, '..');
const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };

/** Pages for people who have the source, which they are about. */
const forContributors = ['docs/architecture.md', 'CONTRIBUTING.md'];

/** Whether the package has a file of the repository, and the repository has it. */
function isPackaged(file: string): boolean {
  const always = ['package.json', 'README.md', 'LICENSE'];
  const isListed = [...always, ...files].some((each) => file === each || file.startsWith(`${each}/`));
  return isListed && existsSync(join(root, file));
}

function pages(): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  return [
    'README.md',
    'CHANGELOG.md',
    ...docs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name)),
  ];
}

describe('the package', () => {
  it('has every file that errors, warnings and help texts name', () => {
    const nowhere = new Terminal();
    const io = { stdout: nowhere, stderr: nowhere, env: {}, cwd: root, onStopSignal: () => () => {} };
    const help = (command: Command): string[] => [
      command.helpInformation(),
      ...command.commands.flatMap(help),
    ];
    const entries = [...Object.values(catalogue), ...Object.values(warningCatalogue)];
    const texts = [
      ...entries.flatMap(({ message, remedy }) => [message, remedy]),
      ...help(buildProgram(io, () => {})),
    ];
    const named = texts.flatMap(
      (text) => text.match(/(?<![\w/.-])(?:docs|scripts|src|test)\/[\w./-]*\w/g) ?? [],
    );
    assert.ok(named.length > 0);
    assert.deepEqual(
      named.filter((file) => !isPackaged(file)),
      [],
    );
  });

  it('has every file that its pages link to, but for those about the source', () => {
    const broken = pages()
      .filter((page) => !forContributors.includes(page))
      .flatMap((page) => {
        const links = readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g);
        const targets = [...links].map(([, target = '']) =>
          normalize(join(dirname(page), target)).replace(/\/$/, ''),
        );
        return targets.filter((file) => !isPackaged(file)).map((file) => `${page} links to ${file}`);
      });
    assert.deepEqual(broken, []);
  });
});
