/** A mutant is an exact search and replace: text that has moved on is an error, and never a mutant that does nothing. */

/** The text of `mutant.file` with the bug in it. Throws unless the search occurs exactly once and is replaced by another text. */
export function mutate(text, { name, file, search, replace }) {
  const found = text.split(search).length - 1;
  if (found !== 1) throw new Error(`mutant ${name}: its text occurs ${found} times in ${file}, and must occur once`);
  if (search === replace) throw new Error(`mutant ${name}: it changes nothing`);
  // A function, because `$` means something in a text to replace by.
  return text.replace(search, () => replace);
}
