/** Turns the kernel's tables of TCP sockets and of local addresses into places that can be compared. */

/** An IP address in hex, network order, 8 or 32 digits (IPv4 inside IPv6 as IPv4), a colon, the port. */
type Place = string;

export interface TcpSocket {
  readonly local: Place;
  readonly remote: Place;
  readonly isListening: boolean;
  /** `0` while no process has accepted it. */
  readonly inode: string;
}

const ESTABLISHED = '01';
const LISTEN = '0A';
const MAPPED = '00000000000000000000ffff';

/** `/proc/net/tcp` and `tcp6`, one after the other: the open and the listening sockets. */
export function parseSockets(text: string): readonly TcpSocket[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', remote = '', state, , , , , , inode] = line.trim().split(/\s+/);
    if (inode === undefined || (state !== ESTABLISHED && state !== LISTEN)) return [];
    const places = [placeOf(local), placeOf(remote)];
    const [here, there] = places;
    if (here === undefined || there === undefined) return [];
    return [{ local: here, remote: there, isListening: state === LISTEN, inode }];
  });
}

/** The kernel writes each 32-bit word in the order of the machine, which is little-endian here. */
function placeOf(text: string): Place | undefined {
  const [, address, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/i.exec(text) ?? [];
  if (address === undefined || port === undefined) return undefined;
  const words = address.match(/.{8}/g) ?? [];
  const bytes = words.map((word) => (word.match(/../g) ?? []).reverse().join('')).join('');
  return `${unmapped(bytes.toLowerCase())}:${String(Number.parseInt(port, 16))}`;
}

function unmapped(address: string): string {
  return address.length === 32 && address.startsWith(MAPPED) ? address.slice(24) : address;
}

export function portOf(place: Place): number {
  return Number(place.split(':')[1]);
}

export function isWildcard(place: Place): boolean {
  return /^0+:/.test(place);
}

/** `10.0.0.7:51234`, `[fd00::7]:51234`. */
export function placeText(place: Place): string {
  const [address = '', port = ''] = place.split(':');
  if (address.length === 8) {
    const bytes = (address.match(/../g) ?? []).map((byte) => String(Number.parseInt(byte, 16)));
    return `${bytes.join('.')}:${port}`;
  }
  const groups = (address.match(/.{4}/g) ?? []).join(':');
  return `${new URL(`http://[${groups}]`).hostname}:${port}`;
}

/** An address of this machine, whatever `/proc/net/fib_trie` and `/proc/net/if_inet6` say of loopback. */
export function isOwnAddress(place: Place, ours: ReadonlySet<string>): boolean {
  const [address = ''] = place.split(':');
  return address.startsWith('7f') ? address.length === 8 : ours.has(address);
}

/** `|-- 10.0.0.1` with `/32 host LOCAL` below it, and the first column of if_inet6. */
export function parseOwnAddresses(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  let last = '';
  for (const line of text.split('\n')) {
    const four = /\|-- (\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(line.trimEnd());
    if (four !== null) last = four.slice(1).map(hexByte).join('');
    else if (line.includes('/32 host LOCAL')) found.add(last);
    else {
      const six = /^([0-9a-f]{32}) /.exec(line)?.[1];
      if (six !== undefined) found.add(six);
    }
  }
  return found;
}

function hexByte(text: string): string {
  return Number(text).toString(16).padStart(2, '0');
}

/** Socket inodes in the text of `ls -l /proc/PID/fd`; a folder's line says whose they are. */
export function parseHolders(text: string): ReadonlyMap<string, number> {
  const holders = new Map<string, number>();
  let pid: number | undefined;
  for (const line of text.split('\n')) {
    const folder = /^\/proc\/(\d+)\/fd:/.exec(line)?.[1];
    if (folder !== undefined) pid = Number(folder);
    const inode = /socket:\[(\d+)\]/.exec(line)?.[1];
    if (inode !== undefined && pid !== undefined) holders.set(inode, pid);
  }
  return holders;
}
