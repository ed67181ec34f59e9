/** A transaction written as flags. What they cannot say - bytes, content types - a JSON document can. */
import { CausewayError } from '../../base/errors.js';

export interface TxnFlags {
  /** `key=value`: the key has this value. */
  readonly if?: readonly string[];
  /** `key=etag` */
  readonly ifEtag?: readonly string[];
  readonly ifAbsent?: readonly string[];
  readonly put?: readonly string[];
  readonly del?: readonly string[];
  readonly get?: readonly string[];
  readonly elsePut?: readonly string[];
  readonly elseDel?: readonly string[];
  readonly elseGet?: readonly string[];
}

/** Members of the contract by name: `then` as a literal member would make the object look like a promise to tools. */
export type TxnDocument = ReadonlyMap<'if' | 'then' | 'else', readonly object[]>;

/** Undefined if no flag is given. @throws CausewayError `invalid-config` */
export function txnOfFlags(flags: TxnFlags): TxnDocument | undefined {
  const conditions = [
    ...pairs('--if', flags.if).map(([key, value]) => ({ key, value })),
    ...pairs('--if-etag', flags.ifEtag).map(([key, etag]) => ({ key, etag })),
    ...(flags.ifAbsent ?? []).map((key) => ({ key, etag: null })),
  ];
  const success = branch('--put', flags.put, flags.del, flags.get);
  const failure = branch('--else-put', flags.elsePut, flags.elseDel, flags.elseGet);
  if (conditions.length + success.length + failure.length === 0) return undefined;
  return new Map([
    ['if', conditions],
    ['then', success],
    ['else', failure],
  ]);
}

function branch(
  putFlag: string,
  put: readonly string[] | undefined,
  del: readonly string[] = [],
  get: readonly string[] = [],
): readonly object[] {
  const puts = pairs(putFlag, put).map(([key, value]) => ({ put: key, value }));
  return [...puts, ...del.map((key) => ({ delete: key })), ...get.map((key) => ({ get: key }))];
}

/** The first `=` separates; a key that has one goes into a JSON document. */
function pairs(flag: string, texts: readonly string[] = []): readonly (readonly [string, string])[] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    if (at >= 1) return [text.slice(0, at), text.slice(at + 1)];
    throw new CausewayError('invalid-config', `${flag} ${JSON.stringify(text)} is not key=value`);
  });
}
