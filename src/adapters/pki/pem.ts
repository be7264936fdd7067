/** Turns PEM text into its blocks of bytes, or says which block is broken. */

import { type Result, err, ok } from '../../base/result.ts';

export interface PemBlock {
  /** `CERTIFICATE`, `EC PRIVATE KEY`. */
  readonly label: string;
  /** `Proc-Type: 4,ENCRYPTED` and the like, by name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** A bundle of all public CAs is a quarter of this; more is not a file that etcd should load. */
const MAX_CHARACTERS = 2_000_000;

const BEGIN = /^-----BEGIN ([A-Z0-9 .-]{1,60})-----\s*$/;
const END = /^-----END ([A-Z0-9 .-]{1,60})-----\s*$/;
const HEADER = /^([A-Za-z0-9-]{1,60}):\s?(.*)$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * The blocks of a text in order; text around them is skipped, CRLF or LF.
 *
 * Our own reader, since forge's skips a broken block without a word, and a CA that silently is not
 * in the pool is a cut peer link later. No line of the text ever stands in the reason.
 */
export function pemBlocks(text: string): Result<readonly PemBlock[], string> {
  if (text.length > MAX_CHARACTERS) {
    return err(`the text has ${String(text.length)} characters; no PEM file for etcd is that long`);
  }
  const blocks: PemBlock[] = [];
  let open: { label: string; line: number; body: string[] } | undefined;
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    const begin = BEGIN.exec(line)?.[1];
    const end = END.exec(line)?.[1];
    const at = String(index + 1);
    if (begin !== undefined) {
      if (open !== undefined) return err(`${unfinished(open)} before the next one in line ${at}`);
      open = { label: begin, line: index + 1, body: [] };
    } else if (end !== undefined) {
      if (open === undefined) return err(`line ${at} ends a ${end} that nothing has begun`);
      if (end !== open.label) return err(`${unfinished(open)}: line ${at} ends a ${end}`);
      const block = closed(open.label, open.body);
      if (block === undefined) return err(`the ${nameOf(open)} is not base64 text`);
      blocks.push(block);
      open = undefined;
    } else if (open !== undefined) {
      open.body.push(line.trim());
    } else if (line.includes('-----BEGIN') || line.includes('-----END')) {
      return err(`line ${at} has a BEGIN or END mark that is not on a line of its own`);
    }
  }
  return open === undefined ? ok(blocks) : err(unfinished(open));
}

function closed(label: string, body: readonly string[]): PemBlock | undefined {
  const headers: Record<string, string> = {};
  let first = 0;
  for (const line of body) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) break;
    headers[name] = value;
    first += 1;
  }
  const base64 = body.slice(first).join('');
  if (base64 === '' || !BASE64.test(base64) || base64.length % 4 !== 0) return undefined;
  return { label, headers, bytes: Buffer.from(base64, 'base64') };
}

function nameOf(open: { label: string; line: number }): string {
  return `${open.label} that begins in line ${String(open.line)}`;
}

function unfinished(open: { label: string; line: number }): string {
  return `the ${nameOf(open)} does not end`;
}
