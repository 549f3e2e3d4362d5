import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse, parseAllDocuments } from 'yaml';
import { checkConfig } from '../../src/config/read.js';
import { cronMistake, isCron } from '../../src/config/cron.js';
import { checkSchemaFile } from '../../src/schema/read.js';
import { readViewText } from '../../src/schema/view-file.js';
import { usMarket } from '../../src/sandbox/catalogue-of-goods.js';
import { Random } from '../../src/sandbox/random.js';
import { generatedTypes, generateReport } from '../../src/sandbox/report-generator.js';
import { formatProblem } from '../../src/yaml/read-yaml.js';
import { listings, runInProcess } from '../ingest/world.js';
import { type Block, blocksOf, commandMistake, pages, readPage, root, shellCommands } from './blocks.js';

/**
 * Every block of every page is read or run, by the word after its fence:
 * - `yaml`: a report schema if it begins with reportType, otherwise settings or a part of them.
 *   `yaml other`: for another program
 * - `sh`: each command and option exists in the program; commands that need neither Amazon nor a
 *   queue run in order, in one folder per page with the demo's data. `sh unrun` is not run.
 * - `sql`: run on the demo's warehouse. `sql bigquery`, `sql postgres`: only its
 *   grammar is checked. `sql view`: read as the file of a view
 * - `python`: compiled; run if it needs only duckdb and that is installed
 * - `cron`: five fields, then a command
 * - `text`: neither; `mermaid`, `json`: read as such
 */
const languages = ['yaml', 'sh', 'sql', 'python', 'cron', 'text', 'mermaid', 'json', 'ts'];

const blocks = pages.flatMap(blocksOf);
const of = (language: string) => blocks.filter((block) => block.language === language);
const at = ({ page, line }: Block) => `${page}:${line}`;

/** Commands that call Amazon or the queue, or run for long; they are checked, not run. */
const online = new Set(['run', 'start', 'sweep', 'backfill', 'subscribe', 'doctor', 'demo']);

/** Other programs that pages may call. */
const others = new Set(
  'aws bq cp curl docker duckdb gcloud gunzip install journalctl kubectl mv npm python3 rm systemctl useradd'.split(
    ' ',
  ),
);

describe('the pages for users', () => {
  let demo = '';
  let folder = '';

  const run = (args: string[], cwd: string) => runInProcess(args, { env: {}, cwd });

  before(async () => {
    demo = mkdtempSync(join(tmpdir(), 'sp-reports-pages-'));
    const { code, stderr } = await run(['demo'], demo);
    assert.equal(code, 0, stderr);
  });
  after(() => rmSync(demo, { recursive: true, force: true }));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-pages-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('label each code block, so that none goes unchecked', () => {
    const unknown = blocks.filter(({ language }) => !languages.includes(language));
    const unlabeled = unknown.map(
      (block) =>
        `${at(block)}: "${block.language}" behind the fence; write one of ${languages.join(', ')} (text is neither read nor run)`,
    );
    assert.deepEqual(unlabeled, []);
    assert.ok(blocks.length > 40);
  });

  it('show settings and report schemas that the program reads', () => {
    const mistakes = of('yaml').flatMap((block) => {
      if (block.kind === 'other') return parse(block.text) ? [] : [`${at(block)}: it is empty`];
      const file = join(folder, 'pipelines.yaml');
      writeFileSync(file, block.text);
      const found = /^reportType:/m.test(block.text)
        ? checkSchemaFile(file).problems
        : settingsProblems(block.text);
      const hint = ' (a block for another program: yaml other)';
      return found.map(
        (problem) =>
          `${at(block)}: ${formatProblem({ ...problem, file: 'the block' })}${/unknown key/.test(problem.message) ? hint : ''}`,
      );
    });
    assert.deepEqual(mistakes, []);
    assert.ok(of('yaml').length >= 5);
  });

  /** A part of the settings may omit keys that complete settings need. */
  function settingsProblems(text: string) {
    const names = [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
    const filled = (name: string) =>
      ['DATABASE_URL', 'STANDBY_URL'].includes(name)
        ? 'postgres://user:password@host/database'
        : /URL|WEBHOOK/.test(name)
          ? 'https://sqs.us-east-1.amazonaws.com/123456789012/reports'
          : `${name}-of-sixteen-characters`;
    const env = Object.fromEntries(names.map((name) => [name, filled(name)]));
    const { problems } = checkConfig({ cwd: folder, env });
    return problems.filter(({ message }) => !message.startsWith('missing'));
  }

  it('name only commands and options that the program has, in prose too', () => {
    const inBlocks = of('sh').flatMap((block) =>
      shellCommands(block.text).flatMap(({ words, text }) => {
        const own = ownWords(words);
        if (own)
          return [commandMistake(own)].flatMap((mistake) =>
            mistake ? [`${at(block)}: ${text}: ${mistake}`] : [],
          );
        const [first = ''] = words;
        const isKnown = others.has(first) || (first.startsWith('scripts/') && existsSync(join(root, first)));
        return isKnown
          ? []
          : [`${at(block)}: ${text}: no command of ours, and none of ${[...others].join(', ')}`];
      }),
    );
    const inProse = pages.flatMap((page) =>
      [...readPage(page).matchAll(/`(?:npx )?sp-reports ([^`]+)`/g)].flatMap(([, line = '']) => {
        const [words = []] = shellCommands(line.replaceAll('\\|', '|')).map((command) => command.words);
        const mistake = /^[<[]/.test(words[0] ?? '') ? undefined : commandMistake(words, { isProse: true });
        return mistake ? [`${page}: sp-reports ${line}: ${mistake}`] : [];
      }),
    );
    assert.deepEqual([...inBlocks, ...inProse], []);
    assert.ok(
      commandMistake(['query', '--absent', 'x']) && commandMistake(['absent']) && commandMistake(['purge']),
    );
  });

  for (const page of pages) {
    const commands = blocksOf(page)
      .filter(({ language, kind }) => language === 'sh' && kind !== 'unrun')
      .flatMap((block) => shellCommands(block.text).map((command) => ({ ...command, at: at(block) })))
      .flatMap((command) => {
        const words = ownWords(command.words) ?? (isMimed(command.words) ? command.words : undefined);
        return words &&
          isOffline(words) &&
          !command.words.includes('docker') &&
          !command.words.includes('kubectl')
          ? [{ ...command, words }]
          : [];
      });
    if (commands.length === 0) continue;
    it(`show commands that do what ${page} says`, async () => {
      if (commands.some(({ text }) => text.includes('data/demo')))
        cpSync(join(demo, 'data', 'demo'), join(folder, 'data', 'demo'), { recursive: true });
      for (const name of ['warehouse.duckdb', 'lake', 'raw', 'state'])
        cpSync(join(demo, 'data', 'demo', name), join(folder, 'data', name), { recursive: true });
      mkdirSync(join(folder, 'schemas'));
      for (const { words, output, at: place } of commands) {
        if (isMimed(words)) {
          await runOther(words);
          continue;
        }
        for (const word of words) makeDocument(word);
        const { code, stdout, stderr } = await run(words, folder);
        assert.equal(code, 0, `${place}: ${words.join(' ')}\n${stderr}`);
        if (output !== undefined) writeFileSync(join(folder, output), stdout);
      }
    });
  }

  /** What the shell of DuckDB and `mv` would do, in the folder of the page. */
  async function runOther(words: string[]): Promise<void> {
    const inFolder = (text: string) => text.replaceAll(/\bdata\//g, `${folder}/data/`);
    if (words[0] === 'mv') {
      renameSync(inFolder(words[1] ?? ''), inFolder(words[2] ?? ''));
      return;
    }
    const [file] = words.slice(1).filter((word) => word.endsWith('.duckdb'));
    const instance = await DuckDBInstance.create(file ? inFolder(file) : ':memory:');
    const connection = await instance.connect();
    await connection.run(inFolder(words[words.indexOf('-c') + 1] ?? ''));
    connection.closeSync();
    instance.closeSync();
  }

  /** A document that a page describes as one of the reader. */
  function makeDocument(name: string): void {
    const [, base = ''] = /^([\w-]+)\.(?:tsv|txt)$/.exec(name) ?? [];
    if (base === '' || existsSync(join(folder, name))) return;
    const plan = { market: usMarket, rows: 5, from: new Date('2026-10-01'), to: new Date('2026-10-31') };
    const isType = generatedTypes().includes(base);
    writeFileSync(
      join(folder, name),
      isType ? generateReport(base, { ...plan, random: new Random(1) }) : listings(3),
    );
  }

  it('show SQL that the warehouse answers, and only views that exist', async () => {
    const mistakes: string[] = [];
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    for (const block of of('sql')) {
      if (block.kind === 'view') {
        const { problems } = readViewText('my_view', block.text, 'the block');
        mistakes.push(...problems.map((problem) => `${at(block)}: ${formatProblem(problem)}`));
      } else if (block.kind === 'bigquery' || block.kind === 'postgres') {
        await connection.extractStatements(block.text);
      } else {
        const config = join(demo, 'data', 'demo', 'pipelines.yaml');
        const { code, stderr } = await run(['--config', config, 'query', '--json', block.text], demo);
        if (code !== 0) mistakes.push(`${at(block)}: ${stderr}`);
      }
    }
    connection.closeSync();
    instance.closeSync();
    assert.deepEqual(mistakes, []);
  });

  it('show Python that runs on the demo, if duckdb for Python is installed', function () {
    const isThere = (code: string) => spawnSync('python3', ['-c', code]).status === 0;
    if (!isThere('import sys')) {
      console.warn('  skipped: there is no python3');
      this.skip();
    }
    cpSync(join(demo, 'data', 'demo'), join(folder, 'data'), { recursive: true });
    for (const block of of('python')) {
      const file = join(folder, 'block.py');
      writeFileSync(file, block.text);
      const modules = [...block.text.matchAll(/^import (\w+)/gm)].map(([, name]) => name);
      const runs = modules.every((name) => isThere(`import ${name}`));
      const args = runs ? [file] : ['-c', `compile(open(${JSON.stringify(file)}).read(), 'block', 'exec')`];
      const { status, stderr } = spawnSync('python3', args, { cwd: folder, encoding: 'utf8' });
      assert.equal(status, 0, `${at(block)}: ${stderr}`);
      if (!runs) console.warn(`  ${at(block)} is compiled only: python3 lacks one of ${modules.join(', ')}`);
    }
  });

  it('show crontabs with valid times and commands', () => {
    for (const block of of('cron')) {
      for (const line of block.text.trim().split('\n')) {
        const [, times = '', command = ''] = /^((?:\S+\s+){5})(.*)$/.exec(line) ?? [];
        assert.ok(
          isCron(times.trim().replace(/\s+/g, ' ')),
          `${at(block)}: ${line}: ${cronMistake(times.trim())}`,
        );
        const own = shellCommands(command).flatMap(({ words }) =>
          words[0] === 'cd' ? [] : [ownWords(words) ?? []],
        );
        assert.deepEqual(
          own.map((words) => commandMistake(words)),
          own.map(() => undefined),
          `${at(block)}: ${line}`,
        );
      }
    }
  });

  it('show valid JSON and manifests', () => {
    for (const block of of('json')) JSON.parse(block.text);
    for (const block of of('yaml'))
      assert.deepEqual(
        parseAllDocuments(block.text).flatMap(({ errors }) => errors),
        [],
      );
    for (const block of of('mermaid'))
      assert.match(block.text, /^(flowchart|sequenceDiagram|stateDiagram)/, at(block));
  });

  it('link to pages and headings that exist', () => {
    const mistakes = pages.flatMap((page) =>
      [...withoutBlocks(readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
        if (/^[a-z]+:/.test(link)) return [];
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? page : join(dirname(page), path);
        if (!existsSync(join(root, target))) return [`${page}: there is no ${target}`];
        return anchor === undefined || anchorsOf(target).has(anchor)
          ? []
          : [`${page}: ${target} has no heading #${anchor}`];
      }),
    );
    assert.deepEqual(mistakes, []);
    const linked = new Set(
      pages.flatMap((page) =>
        [...readPage(page).matchAll(/\]\(([^)#\s]+)/g)].map(([, link = '']) => join(dirname(page), link)),
      ),
    );
    assert.deepEqual(
      pages.filter((page) => page !== 'README.md' && !linked.has(page)),
      [],
      'pages that no other links to',
    );
  });
});

const anchors = new Map<string, Set<string>>();

/** The anchors that GitHub generates for the headings of a page. */
function anchorsOf(page: string): Set<string> {
  const known = anchors.get(page);
  if (known) return known;
  const headings = [...withoutBlocks(readFileSync(join(root, page), 'utf8')).matchAll(/^#+ (.+)$/gm)];
  const found = new Set(
    headings.map(([, text = '']) =>
      text
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
  anchors.set(page, found);
  return found;
}

function withoutBlocks(text: string): string {
  return text.replace(/^ *```[\s\S]*?^ *```$/gm, '');
}

/**
 * The words after the name of our program in a command, also in a container; undefined for other
 * programs.
 */
function ownWords(words: string[]): string[] | undefined {
  if (words[0] === 'npx' && words[1] === 'sp-reports') return words.slice(2);
  if (words[0] === 'sp-reports') return words.slice(1);
  const index = words.lastIndexOf('sp-reports');
  const isInPod = words[0] === 'kubectl' && words[index - 1] === '--';
  const isImage = words[0] === 'docker' && words[1] === 'run' && index + 1 < words.length;
  return isInPod || isImage ? words.slice(index + 1) : undefined;
}

/** Whether a command needs only what the folder of a page contains. */
/** Other programs, which the test simulates. */
function isMimed([program = '']: string[]): boolean {
  return ['duckdb', 'mv'].includes(program);
}

function isOffline(words: string[]): boolean {
  const command = words.find((word, index) => /^[a-z]+$/.test(word) && words[index - 1] !== '--config');
  // A path on another machine, or a value that the reader fills in.
  const isElsewhere = words.some(
    (word) => word.startsWith('/') || (/^[A-Z][A-Z_]+$/.test(word) && !/^(GET_|[A-Z]{2}$)/.test(word)),
  );
  return (
    command !== undefined &&
    !online.has(command) &&
    !isElsewhere &&
    !(command === 'config' && !words.includes('--config'))
  );
}
