import type { CompletedCommand } from './completed-commands.js';

/** A script for bash. Where nothing else fits, bash completes file names. */
export function bashScript(commands: CompletedCommand[]): string {
  const words = (texts: string[]) => `COMPREPLY=($(compgen -W '${texts.join(' ')}' -- "$current"))`;
  return `# bash completion of sp-reports
_sp_reports() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" command="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$command \${COMP_WORDS[index]}" in
      ${pathsPattern(commands)}) command="\${command:+$command }\${COMP_WORDS[index]}" ;;
    esac
  done
  case "$command|$previous" in
${valueCases(commands, words)}
  esac
  case "$command|$current" in
${commands.map(({ path, options }) => `    '${path}|'-*) ${words(options.flatMap(({ flags }) => flags))} ;;`).join('\n')}
${commands
  .filter(({ subcommands }) => subcommands.length > 0)
  .map(({ path, subcommands }) => `    '${path}|'*) ${words(subcommands.map(({ name }) => name))} ;;`)
  .join('\n')}
  esac
}
complete -o default -F _sp_reports sp-reports
`;
}

/** A script for zsh, with descriptions. */
export function zshScript(commands: CompletedCommand[]): string {
  const described = (items: [name: string, description: string][]) =>
    `described=(${items.map(([name, description]) => `'${name}:${description}'`).join(' ')}); _describe value described`;
  const values = (texts: string[]) => `compadd -- ${texts.join(' ')}`;
  return `#compdef sp-reports
# zsh completion of sp-reports
_sp_reports() {
  local command="" word
  local -a described
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$command $word" in
      ${pathsPattern(commands)}) command="\${command:+$command }$word" ;;
    esac
  done
  case "$command|\${words[CURRENT-1]}" in
${valueCases(commands, values)}
  esac
  case "$command|$PREFIX" in
${commands
  .map(({ path, options }) => {
    const items = options.flatMap(({ flags, description }) =>
      flags.map((flag): [string, string] => [flag, description]),
    );
    return `    '${path}|'-*) ${described(items)} ;;`;
  })
  .join('\n')}
${commands
  .filter(({ subcommands }) => subcommands.length > 0)
  .map(
    ({ path, subcommands }) =>
      `    '${path}|'*) ${described(subcommands.map(({ name, description }) => [name, description]))} ;;`,
  )
  .join('\n')}
    *) _files ;;
  esac
}
if [ "$funcstack[1]" = "_sp_reports" ] || [ "$funcstack[1]" = "_sp-reports" ]; then
  _sp_reports "$@"
else
  compdef _sp_reports sp-reports
fi
`;
}

/** A script for fish, with descriptions. */
export function fishScript(commands: CompletedCommand[]): string {
  const lines: string[] = [];
  for (const { path, subcommands, options } of commands) {
    const condition = fishCondition(
      path,
      subcommands.map(({ name }) => name),
    );
    for (const { name, description } of subcommands)
      lines.push(`complete -c sp-reports -f -n '${condition}' -a '${name}' -d '${description}'`);
    for (const { flags, description, takesValue, values } of options) {
      const names = flags.map((flag) =>
        flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
      );
      const value = takesValue ? ` -r${values.length > 0 ? ` -f -a '${values.join(' ')}'` : ''}` : '';
      lines.push(`complete -c sp-reports -n '${condition}' ${names.join(' ')}${value} -d '${description}'`);
    }
  }
  return `# fish completion of sp-reports\n${lines.join('\n')}\n`;
}

/** Holds behind the words of a command, and before those of its own commands. */
function fishCondition(path: string, subcommands: string[]): string {
  const seen = path
    .split(' ')
    .filter(Boolean)
    .map((word) => `__fish_seen_subcommand_from ${word}`);
  const not = subcommands.length > 0 ? [`not __fish_seen_subcommand_from ${subcommands.join(' ')}`] : [];
  return [...seen, ...not].join('; and ');
}

/** Matches the words of a command behind those before it. */
function pathsPattern(commands: CompletedCommand[]): string {
  return commands
    .filter(({ path }) => path !== '')
    .map(({ path }) => `'${path.includes(' ') ? path : ` ${path}`}'`)
    .join(' | ');
}

/** What to complete behind an option with a value; without choices, file names. */
function valueCases(commands: CompletedCommand[], words: (values: string[]) => string): string {
  const globals = commands.find(({ path }) => path === '')?.options ?? [];
  return commands
    .flatMap(({ path, options }) =>
      [...options, ...(path === '' ? [] : globals)]
        .filter(({ takesValue, values }) => takesValue && values.length > 0)
        .map(
          ({ flags, values }) =>
            `    ${flags.map((flag) => `'${path}|${flag}'`).join(' | ')}) ${words(values)}; return ;;`,
        ),
    )
    .join('\n');
}
