/** The ways in which clients look at keys, the same at every level. */
import type { ListRequest, ListResult, MultiReadResult, ReadResult } from '../../replica/request-types.js';

export type Looking = 'read' | 'readMany' | 'list';

interface Readable<Context> {
  read(key: string, context: Context): Promise<ReadResult>;
  readMany(keys: readonly string[], context: Context): Promise<MultiReadResult>;
  list(request: ListRequest, context: Context): Promise<ListResult>;
}

/** @param keys The first of them is read; all of them begin with `prefix`, under which a list looks. */
export async function look<Context>(
  how: Looking,
  { keys, prefix }: { readonly keys: readonly string[]; readonly prefix: string },
  replica: Readable<Context>,
  context: Context,
): Promise<MultiReadResult> {
  if (how === 'readMany') return replica.readMany(keys, context);
  if (how === 'list') return replica.list({ prefix, after: '', limit: 100 }, context);
  const { state, token, timing } = await replica.read(keys[0] ?? '', context);
  return { states: [state], token, timing };
}
