/** What the bodies of groups say, each decoded once: the group itself carries it from then on. */
import { decodeBody, type GroupBody } from '../../keyspace/group-body.js';
import type { WriteGroup } from '../../replication/write-group.js';

/** @throws DecodeError if the body is not readable. */
export function bodyOf(group: WriteGroup): GroupBody {
  // Nobody else writes this field.
  const known = group.contents as GroupBody | undefined;
  if (known !== undefined) return known;
  const body = decodeBody(group.body);
  group.contents = body;
  return body;
}

/** The body is known already: the group was made here. */
export function keepBody(group: WriteGroup, body: GroupBody): void {
  group.contents = body;
}
