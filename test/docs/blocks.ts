import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { buildProgram } from '../../src/cli.js';

export const root = new URL('../../', import.meta.url).pathname;

/** The Markdown pages for users: the README and everything in docs/. */
export const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
];

export const readPage = (page: string) => readFileSync(join(root, page), 'utf8');

/** A fenced block of a page. */
export interface Block {
  page: string;
  /** Line of its opening fence, from 1. */
  line: number;
  /** The first word after the fence; empty if there is none. */
  language: string;
  /** The text after that word. */
  kind: string;
  text: string;
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: (Block & { indent: number }) | undefined;
  for (const [index, line] of readPage(page).split('\n').entries()) {
    const [, indent = '', info] = /^( *)```(.*)$/.exec(line) ?? [];
    if (info === undefined) {
      if (open) open.text += `${line.slice(Math.min(open.indent, line.search(/\S|$/)))}\n`;
    } else if (open) {
      blocks.push(open);
      open = undefined;
    } else {
      const [language = '', ...kind] = info.trim().split(' ');
      open = { page, line: index + 1, language, kind: kind.join(' '), text: '', indent: indent.length };
    }
  }
  return blocks;
}

/**
 * One command of a shell block, in words, with the file of its output and its text for messages.
 */
export interface ShellCommand {
  words: string[];
  output?: string;
  text: string;
}

/**
 * The commands of a shell block, for as much shell grammar as the pages need: quotes, `\` at the
 * end of a line, comments, `&&`, `>`.
 */
export function shellCommands(text: string): ShellCommand[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => {
      const tokens = [...line.matchAll(/"[^"]*"|'[^']*'|#.*$|&&|\||>|[^\s"'&|>#]+(?:"[^"]*")?/g)].map(String);
      const commands: ShellCommand[] = [];
      let command: ShellCommand = { words: [], text: line.trim() };
      for (let index = 0; index < tokens.length; index += 1) {
        const token = tokens[index] ?? '';
        if (token.startsWith('#')) break;
        if (token === '&&' || token === '|') {
          commands.push(command);
          command = { words: [], text: line.trim() };
        } else if (token === '>') {
          index += 1;
          command.output = tokens[index] ?? '';
        } else {
          command.words.push(token.replace(/^(["'])(.*)\1$/, '$2'));
        }
      }
      return [...commands, command].filter(({ words }) => words.length > 0);
    });
}

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
const io = { stdout: nowhere, stderr: nowhere, env: {}, cwd: '/', onStopSignal: () => () => {} };

/**
 * What is wrong with the words after the name of the program: an unknown command or option, too
 * many arguments or too few. Prose may leave arguments out. Undefined if all is correct.
 */
export function commandMistake(words: string[], { isProse = false } = {}): string | undefined {
  let command: Command = buildProgram(io, () => {});
  const given: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    // A single - is an argument: standard input.
    if (word.startsWith('-') && word !== '-') {
      const [name, value] = word.split('=');
      if (name === '--help' || name === '--version') return undefined;
      const chain = [command, ...ancestors(command)];
      const option = chain
        .flatMap(({ options }) => options)
        .find(({ long, short }) => [long, short].includes(name));
      if (!option) return `there is no option ${name} of ${command.name()}`;
      if (option.required && value === undefined) index += 1;
    } else if (command.commands.length > 0) {
      const next = command.commands.find((each) => each.name() === word);
      if (!next) return `there is no command ${word}`;
      command = next;
    } else {
      given.push(word);
    }
  }
  if (isProse) return undefined;
  if (command.commands.length > 0) return `${command.name()} is no command by itself`;
  const wanted = command.registeredArguments;
  if (given.length < wanted.filter(({ required }) => required).length) return 'an argument is missing';
  if (given.length > wanted.length && !wanted.at(-1)?.variadic)
    return `too many arguments: ${given.join(' ')}`;
  const missing = command.options.filter(
    ({ mandatory, long }) => mandatory && !words.some((each) => each.split('=')[0] === long),
  );
  return missing.length > 0 ? `the option ${missing[0]?.long} is missing` : undefined;
}

function ancestors(command: Command): Command[] {
  return command.parent ? [command.parent, ...ancestors(command.parent)] : [];
}
