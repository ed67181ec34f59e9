/** Text in HTML, wherever it stands: keys and values come from anybody. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"'\p{Cc}]/gu, (char) => NAMED[char] ?? `&#${char.codePointAt(0)};`);
}

const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '\n',
  '\0': '\ufffd',
};
