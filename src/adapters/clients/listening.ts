/** Turns a few seconds of packets on a host into which connections speak TLS and which plain text: scripts. */

/**
 * Argument of perl: milliseconds, then the ports. Packets of every interface of this network namespace,
 * without their link header; of each segment only what its first bytes look like is remembered. TLS is a
 * record header (20-23, version 3.x, a length that a record may have); plain is the start of an HTTP/1
 * message, the HTTP/2 preface, or an HTTP/2 frame header whose fields fit each other. A segment from the
 * middle of a record or of a value looks like neither.
 */
const PERL = String.raw`
my ($left, @ports) = @ARGV; $left /= 1000;
my %is = map { $_ => 1 } @ports;
my %said;
sub frame {
  my ($x) = @_; return 0 if length($x) < 9;
  my ($a, $b, $t, $f, $id) = unpack("CnCCN", $x); my $n = ($a << 16) + $b;
  return 0 if $n > 16384 || $id >= 2147483648;
  my $odd = $id % 2;
  return $odd && !($f & ~9) if $t == 0;
  return $odd && !($f & ~45) if $t == 1;
  return $odd && $n == 4 if $t == 3;
  return !$id && $n % 6 == 0 && $n <= 60 && !($f & ~1) if $t == 4;
  return !$id && $n == 8 && !($f & ~1) if $t == 6;
  return !$id && $n >= 8 && !$f if $t == 7;
  return $n == 4 && !$f if $t == 8;
  return $odd && !($f & ~4) if $t == 9;
  return 0;
}
sub speech {
  my ($x) = @_;
  if ($x =~ /^[\x14-\x17]\x03[\x00-\x04](..)/s) { my $n = unpack("n", $1); return "t" if $n > 0 && $n <= 18432; }
  return "p" if $x =~ m{^(?:PRI \* HTTP|(?:GET|PUT|POST|HEAD|PATCH|DELETE|OPTIONS) /|HTTP/1\.)} || frame($x);
  return "";
}
socket(my $s, 17, 2, unpack("S", pack("n", 3))) or do { print "blind $!\n"; exit 0 };
my $all = ""; vec($all, fileno($s), 1) = 1;
print "looking\n";
while ($left > 0) {
  my $n; ($n, $left) = select(my $r = $all, undef, undef, $left);
  last if $n <= 0;
  defined recv($s, my $b, 192, 0) or next;
  next if length($b) < 40;
  my ($v, $h, $len, $from, $to) = (ord($b) >> 4);
  if ($v == 4) {
    next if ord(substr($b, 9, 1)) != 6 || unpack("n", substr($b, 6, 2)) & 8191;
    $h = (ord($b) & 15) * 4; $len = unpack("n", substr($b, 2, 2));
    ($from, $to) = unpack("H8H8", substr($b, 12, 8));
  } elsif ($v == 6) {
    next if ord(substr($b, 6, 1)) != 6;
    $h = 40; $len = 40 + unpack("n", substr($b, 4, 2));
    ($from, $to) = unpack("H32H32", substr($b, 8, 32));
  } else { next }
  next if length($b) < $h + 20;
  my ($sp, $dp) = unpack("nn", substr($b, $h, 4));
  next if !$is{$sp} && !$is{$dp};
  my $o = $h + (ord(substr($b, $h + 12, 1)) >> 4) * 4;
  next if $len <= $o || length($b) <= $o;
  my $w = speech(substr($b, $o, $len - $o)) or next;
  my $key = $is{$dp} ? "$from:$sp $to:$dp" : "$to:$dp $from:$sp";
  $said{$key} = $w unless ($said{$key} || "") eq "p";
}
print "$_ $said{$_}\n" for keys %said;
`;

/** The same in Python 3.6 or later, for hosts without perl. */
const PYTHON = String.raw`
import re, select, socket, struct, sys, time
end = time.monotonic() + int(sys.argv[1]) / 1000
ports = set(int(x) for x in sys.argv[2:])
said = {}
HTTP = re.compile(rb"(?:PRI \* HTTP|(?:GET|PUT|POST|HEAD|PATCH|DELETE|OPTIONS) /|HTTP/1\.)")
def frame(x):
    if len(x) < 9: return False
    a, b, t, f, i = struct.unpack(">BHBBI", x[:9])
    n = (a << 16) + b
    if n > 16384 or i >= 2147483648: return False
    odd = i % 2 == 1
    if t == 0: return odd and not f & ~9
    if t == 1: return odd and not f & ~45
    if t == 3: return odd and n == 4
    if t == 4: return i == 0 and n % 6 == 0 and n <= 60 and not f & ~1
    if t == 6: return i == 0 and n == 8 and not f & ~1
    if t == 7: return i == 0 and n >= 8 and not f
    if t == 8: return n == 4 and not f
    return t == 9 and odd and not f & ~4
def speech(x):
    if len(x) >= 5 and 20 <= x[0] <= 23 and x[1] == 3 and x[2] <= 4 and 0 < x[3] * 256 + x[4] <= 18432: return "t"
    return "p" if HTTP.match(x) or frame(x) else ""
try:
    s = socket.socket(17, 2, socket.htons(3))
except OSError as e:
    print("blind", e.strerror)
    sys.exit(0)
print("looking")
while True:
    left = end - time.monotonic()
    if left <= 0 or not select.select([s], [], [], left)[0]: break
    b = s.recv(192)
    if len(b) < 40: continue
    if b[0] >> 4 == 4:
        if b[9] != 6 or struct.unpack(">H", b[6:8])[0] & 8191: continue
        h, n, a, z = (b[0] & 15) * 4, struct.unpack(">H", b[2:4])[0], b[12:16].hex(), b[16:20].hex()
    elif b[0] >> 4 == 6:
        if b[6] != 6: continue
        h, n, a, z = 40, 40 + struct.unpack(">H", b[4:6])[0], b[8:24].hex(), b[24:40].hex()
    else: continue
    if len(b) < h + 20: continue
    sp, dp = struct.unpack(">HH", b[h:h + 4])
    if sp not in ports and dp not in ports: continue
    o = h + (b[h + 12] >> 4) * 4
    if n <= o or len(b) <= o: continue
    w = speech(b[o:n])
    if not w: continue
    k = "%s:%d %s:%d" % ((a, sp, z, dp) if dp in ports else (z, dp, a, sp))
    if said.get(k) != "p": said[k] = w
for k in said: print(k, said[k])
`;

/** Arguments: pid or `-`, which language may be used, the scripts, milliseconds, the ports. */
const CHOICE = [
  'pid=$1 perl=$2 python=$3; shift 3',
  'ns=$(readlink "/proc/$pid/ns/net" 2>/dev/null)',
  'enter=; [ -z "$ns" ] || [ "$ns" = "$(readlink /proc/self/ns/net)" ] || enter="nsenter -t $pid -n"',
  'if command -v perl >/dev/null; then exec $enter perl -e "$perl" -- "$@"',
  'elif command -v python3 >/dev/null; then exec $enter python3 -c "$python" "$@"',
  'else echo "blind neither perl nor python3 is there"; fi',
].join('\n');

/** The command that looks for so long at these ports, in the network of that process. */
export function listenCommand(
  pid: number | undefined,
  lookMs: number,
  ports: readonly number[],
): readonly string[] {
  const words = [String(pid ?? '-'), PERL, PYTHON, String(lookMs), ...ports.map(String)];
  return ['sh', '-c', CHOICE, 'sh', ...words];
}

export interface Heard {
  /** By `remote local`, as places. */
  readonly speech: ReadonlyMap<string, 'plain' | 'tls'>;
  readonly blind: string | undefined;
}

export function parseHeard(text: string): Heard {
  const speech = new Map<string, 'plain' | 'tls'>();
  let blind: string | undefined = 'the look at its packets did not begin';
  for (const line of text.split('\n')) {
    if (line === 'looking') blind = undefined;
    if (line.startsWith('blind ')) blind = line.slice('blind '.length);
    const [, key, word] = /^([0-9a-f]+:\d+ [0-9a-f]+:\d+) ([pt])$/.exec(line) ?? [];
    if (key !== undefined) speech.set(key, word === 'p' ? 'plain' : 'tls');
  }
  return { speech, blind };
}
