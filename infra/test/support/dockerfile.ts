import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface Stage {
  readonly name: string | null;
  readonly instructions: readonly { readonly keyword: string; readonly rest: string }[];
}

export interface Copy {
  /** The stage it copies from; null: the folder that is built from. */
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly target: string;
}

/** The stages of a Dockerfile without heredocs. */
export function readStages(path: string): Stage[] {
  const text = readFileSync(path, 'utf8').replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n/g, ' ');
  const instructions = text.split('\n').filter((line) => line.trim() !== '').map((line) => {
    const [, keyword = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return { keyword, rest };
  });
  const starts = instructions.flatMap(({ keyword }, index) => (keyword === 'FROM' ? [index] : []));
  return starts.map((start, index) => ({
    name: /\sAS\s+(\w+)/.exec(instructions[start]?.rest ?? '')?.[1] ?? null,
    instructions: instructions.slice(start + 1, starts[index + 1]),
  }));
}

export function copiesOf({ instructions }: Stage): Copy[] {
  return instructions.filter(({ keyword }) => keyword === 'COPY').map(({ rest }) => {
    const words = rest.split(/\s+/);
    const from = words[0]?.startsWith('--from=') === true ? (words.shift() ?? '').slice('--from='.length) : null;
    return { from, sources: words.slice(0, -1), target: words.at(-1) ?? '' };
  });
}

/** Does what COPY does, within a folder: a folder's content goes into the target, a file into it or under its name. */
export function carryOut({ sources, target }: Copy, from: string, workdir: string): void {
  for (const source of sources) {
    const path = join(from, source);
    const isFolder = statSync(path).isDirectory();
    const into = join(workdir, target);
    const place = !isFolder && (target.endsWith('/') || target === '.') ? join(into, basename(source)) : into;
    mkdirSync(join(place, '..'), { recursive: true });
    cpSync(path, place, { recursive: true });
  }
}
