import { text } from '../convert.js';
import { refused } from '../errors.js';

const posix: Readonly<Record<string, string>> = { alpha: '\\p{L}', upper: '\\p{Lu}', lower: '\\p{Ll}', digit: '\\p{Nd}' };
const foreign = /\(\?(?:[=!]|<[=!]|>)|\\[1-9]|[*+?}]\+|\\[GZRXhHVk]|&&/;

/** A pattern of Trino as RE2, which DuckDB has, reads it. @throws DialectError for what RE2 doesn't have */
export function toRe2(at: number, pattern: string): string {
  const unknown = foreign.exec(pattern);
  if (unknown !== null) throw refused(at, `${unknown[0]} in a pattern`, 'Patterns have no look-around, back references, possessive repeats or intersections here.');
  let inClass = false;
  const written = pattern.replaceAll(/\[:(\^?)(\w+):\]|\\([\s\S])|\(\?<(\w+)>|[[\]]/g, (all, not?: string, name?: string, escaped?: string, group?: string) => {
    if (name !== undefined) {
      const found = posix[name];
      if (found === undefined || not !== '') throw refused(at, `${all} in a pattern`, 'There are [:alpha:], [:upper:], [:lower:] and [:digit:]; write others out.');
      return found;
    }
    if (group !== undefined) return `(?P<${group}>`;
    if (escaped === 's') return inClass ? '\\t-\\r ' : '[\\t-\\r ]';
    if (escaped === 'S') {
      if (inClass) throw refused(at, '\\S in brackets in a pattern', 'Write what may stand there.');
      return '[^\\t-\\r ]';
    }
    if (escaped === undefined) inClass = all === '[';
    return all;
  });
  return text(written);
}

/** @throws DialectError for a pattern that matches where nothing stands: engines count such matches differently */
export function neverEmpty(at: number, pattern: string): void {
  if (matchesNothing(pattern)) throw refused(at, 'a pattern that an empty text matches', 'Ask for one character at least: + instead of *.');
}

function matchesNothing(pattern: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test('');
  } catch {
    return false;
  }
}

/**
 * Whether a group may be without a match although its pattern has one, so that it is NULL in Trino; RE2 says '' then.
 * @throws DialectError when '' could be both
 */
export function mayBeAbsent(at: number, pattern: string, group: number): boolean {
  if (group === 0 || !/[|]|\)(?:[?*]|\{0)/.test(pattern)) return false;
  const starts = Array.from(pattern.matchAll(/\\.|\[[^\]]*\]|\((?!\?)|\(\?</g)).filter(([found]) => found.startsWith('(')).map(({ index }) => index);
  const start = starts[group - 1];
  if (start !== undefined && matchesNothing(pattern.slice(start + 1, closing(pattern, start)))) throw refused(at, `group ${group} of a pattern, which may match nothing or be absent`, 'Ask for one character at least within the group: + instead of *.');
  return true;
}

function closing(pattern: string, open: number): number {
  let depth = 0;
  for (const { 0: found, index } of pattern.matchAll(/\\.|\[[^\]]*\]|[()]/g)) {
    if (index < open) continue;
    if (found === '(') depth++;
    if (found === ')' && --depth === 0) return index;
  }
  return pattern.length;
}
