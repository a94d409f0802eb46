/** Of a header with an extra field, as RFC 1952, section 2.3, has it: no time, no system, no name. */
const headerBegin = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255]);
/** An empty last block, a checksum of nothing and a length of nothing. */
const memberEnd = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
/** Length of the extra field; then of its one subfield the two letters of its name and its own length. */
const extraHeaderBytes = 6;

/** Length of an {@link emptyMember} with this much data, in bytes. */
export function memberBytes(dataBytes: number): number {
  return headerBegin.length + extraHeaderBytes + dataBytes + memberEnd.length;
}

/**
 * A gzip member that holds nothing, with data in its extra field under a name of two letters. gzip and tar skip it
 * (RFC 1952, sections 2.2 and 2.3.1.1).
 */
export function emptyMember(id: string, data: Buffer): Buffer {
  return Buffer.concat([memberBegin(id, data.length), data, memberEnd]);
}

/** Whether bytes are, but for their data, an {@link emptyMember} of this name. */
export function isMember(id: string, bytes: Buffer): boolean {
  const begin = memberBegin(id, bytes.length - memberBytes(0));
  return bytes.subarray(0, begin.length).equals(begin) && bytes.subarray(-memberEnd.length).equals(memberEnd);
}

/** The data of an {@link emptyMember}. */
export function dataOf(member: Buffer): Buffer {
  return member.subarray(headerBegin.length + extraHeaderBytes, -memberEnd.length);
}

function memberBegin(id: string, dataBytes: number): Buffer {
  const extra = Buffer.alloc(extraHeaderBytes);
  extra.writeUInt16LE(Math.max(0, dataBytes + 4), 0);
  extra.write(id, 2, 'latin1');
  extra.writeUInt16LE(Math.max(0, dataBytes), 4);
  return Buffer.concat([headerBegin, extra]);
}
