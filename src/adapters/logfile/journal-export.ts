/** Turns journald's export format into one line of JSON an entry, with the fields that a log reader needs. */

const WANTED = new Set(['MESSAGE', '_HOSTNAME', '__REALTIME_TIMESTAMP']);
const NEWLINE = 10;
/** A field longer than this is no log line: what is beyond is left out. */
const FIELD_BYTES = 64 * 1024;
/** An entry of thousands of fields, or a broken file: enough to hold any that journald writes. */
const REST_BYTES = 16 * 1024 * 1024;

/**
 * NAME=text, one a line, an empty line after each entry. A text with a newline in it is written as NAME,
 * newline, its length in eight bytes (least first), the bytes, newline (systemd, JOURNAL_EXPORT_FORMATS).
 */
export class JournalExport {
  readonly #give: (line: string) => void;
  #entry: Record<string, string> = {};
  #rest: Buffer = Buffer.alloc(0);

  constructor(give: (line: string) => void) {
    this.#give = give;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (let next = this.#field(bytes, at); next !== undefined; next = this.#field(bytes, at)) {
      at = next;
    }
    const rest = bytes.subarray(at);
    this.#rest = Buffer.from(rest.length > REST_BYTES ? rest.subarray(0, 0) : rest);
  }

  end(): void {
    this.push(Buffer.from('\n\n'));
    this.#finish();
  }

  /** Reads one field, or the end of an entry, and tells where the next begins; undefined: not all is there yet. */
  #field(bytes: Buffer, at: number): number | undefined {
    const end = bytes.indexOf(NEWLINE, at);
    if (end < 0) return undefined;
    if (end === at) {
      this.#finish();
      return end + 1;
    }
    const equals = bytes.subarray(at, Math.min(end, at + 256)).indexOf('=');
    if (equals >= 0) {
      this.#set(bytes.toString('latin1', at, at + equals), bytes.subarray(at + equals + 1, end));
      return end + 1;
    }
    const start = end + 1 + 8;
    if (bytes.length < start) return undefined;
    const length = Number(bytes.readBigUInt64LE(end + 1));
    if (bytes.length < start + length + 1) return undefined;
    this.#set(bytes.toString('latin1', at, end), bytes.subarray(start, start + length));
    return start + length + 1;
  }

  #set(name: string, value: Buffer): void {
    if (WANTED.has(name)) this.#entry[name] = value.toString('utf8', 0, FIELD_BYTES);
  }

  #finish(): void {
    if (this.#entry['MESSAGE'] !== undefined) this.#give(JSON.stringify(this.#entry));
    this.#entry = {};
  }
}
