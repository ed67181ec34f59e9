/** The items in lists of those whose `fileOf` is the same. */
export function byFile(items, fileOf) {
  const groups = new Map();
  for (const item of items) {
    const file = fileOf(item);
    groups.set(file, [...(groups.get(file) ?? []), item]);
  }
  return groups;
}
