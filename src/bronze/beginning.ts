/** The beginning of a body that is given as base64 of its first bytes: one line, controls escaped, U+FFFD for what is no UTF-8. */
export function beginningOf(base64: unknown, maxCharacters = 200): string {
  if (typeof base64 !== 'string') return '(no body)';
  const text = Buffer.from(base64, 'base64').toString('utf8');
  const characters = Array.from(text.slice(0, maxCharacters * 2 + 2));
  const shown = characters.slice(0, maxCharacters).join('');
  return `${escapeControls(shown)}${characters.length > maxCharacters ? '…' : ''}`;
}

/** Controls, line separators and marks of direction as escapes: on a terminal they would change what stands around them. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
