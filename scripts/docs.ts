import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command, Option } from 'commander';
import { buildProgram } from '../src/commands/program.js';

/** docs/cli.md, from the command line's own definitions. */
export function cliReference(): string {
  const program = buildProgram('', () => Promise.resolve());
  const lines = [
    '# Commands',
    '',
    'Made by `npm run docs` from the command line itself. Each flag wins over its environment variable, which wins over the default.',
    'Exit status: 0 done, 1 failed, 2 wrong usage. SIGINT and SIGTERM close the open window, commit it, acknowledge it and exit 0.',
    '',
  ];
  for (const command of program.commands) lines.push(...section(command));
  return lines.join('\n');
}

function section(command: Command): string[] {
  const args = command.registeredArguments.map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`));
  return [
    `## ingot ${[command.name(), ...args].join(' ')}`,
    '',
    command.description(),
    '',
    '| option | meaning | default | variable |',
    '| --- | --- | --- | --- |',
    ...command.options.map((option) => `| \`${option.flags.replaceAll('|', '\\|')}\` | ${meaning(option)} | ${fallback(option)} | ${option.envVar === undefined ? '' : `\`${option.envVar}\``} |`),
    '',
  ];
}

function meaning(option: Option): string {
  const choices = option.argChoices === undefined ? '' : `: ${option.argChoices.join(', ')}`;
  return `${option.description}${choices}${option.mandatory ? ' (needed)' : ''}`;
}

function fallback(option: Option): string {
  if (option.defaultValueDescription !== undefined) return option.defaultValueDescription;
  return option.defaultValue === undefined ? '' : `\`${String(option.defaultValue)}\``;
}

const target = new URL('../docs/cli.md', import.meta.url);

/** True when docs/cli.md is what the command line says. */
export function cliReferenceIsCurrent(): boolean {
  return readFileSync(target, 'utf8') === cliReference();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, cliReference());
