/** The sh scripts that run on a host: POSIX sh and coreutils alone, every value an argument of theirs. */

/** What a command may give us on one stream: a status, a list of processes; logs are read in ranges. */
const CAPTURED_BYTES = 4 * 1024 * 1024;

/**
 * Says that the script has begun, on both streams: what a login shell's start files print stands before.
 * From then on, the messages that are read here are in English.
 */
const BEGUN = `printf '\\n%s\\n' "$0"; printf '\\n%s\\n' "$0" >&2`;
const ENGLISH = 'LC_ALL=C; export LC_ALL';

function script(...lines: readonly string[]): string {
  return [BEGUN, ...lines].join('\n');
}

/**
 * Arguments: deadline in seconds, `in` or `-`, `marked` or `-`, the command. Its output goes into files, not
 * into the connection: a daemon that it leaves behind must not die of SIGPIPE when the connection ends.
 * `timeout` leads a process group and ends it at the deadline, also when nobody is connected any more.
 */
export const EXEC = script(
  'limit=$1 input=$2 marked=$3; shift 3',
  'cd / || exit 1',
  'PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"; export PATH',
  'd=$(umask 077; mktemp -d "${TMPDIR:-/tmp}/peershift-XXXXXXXXXX") || exit 1',
  'if ! command -v "$1" >/dev/null; then',
  '  rm -rf -- "$d"; printf "missing 0 0\\n"; exit 0',
  'fi',
  'run() {',
  '  timeout -k 2 "$limit" env -i PATH="$PATH" HOME="${HOME:-/}" LANG="${LANG:-C.UTF-8}" "$@" \\',
  '    >"$d/stdout" 2>"$d/stderr"',
  '}',
  'if [ "$input" = in ]; then run "$@"; else run "$@" </dev/null; fi',
  'code=$?',
  "trap '' PIPE",
  'printf "%s %s %s\\n" "$code" $(wc -c <"$d/stdout") $(wc -c <"$d/stderr")',
  `head -c ${String(CAPTURED_BYTES)} "$d/stdout"; head -c ${String(CAPTURED_BYTES)} "$d/stderr"`,
  // A child that was just forked holds the files for the moment before it redirects its own output.
  'held=$marked',
  'for look in 1 2 3 4 5; do',
  '  [ "$held" = marked ] || break',
  '  case $(readlink /proc/[0-9]*/fd/* 2>/dev/null) in',
  '    *"$d/"*) sleep 0.1 ;;',
  '    *) held=- ;;',
  '  esac',
  'done',
  '[ "$held" = marked ] || rm -rf -- "$d"',
  'exit 0',
);

export function capturedBytes(written: number): number {
  return Math.min(written, CAPTURED_BYTES);
}

const FACTS = '%f %u %g %.3Y %s %d %i';

/** Arguments: path, offset, most bytes. The facts of the file in one line, then its bytes. */
export const READ = script(
  ENGLISH,
  's=$(stat -L -c %f -- "$1" 2>&1) || { printf "%s\\n" "$s" >&2; exit 1; }',
  '[ -f "$1" ] || { echo "it is not a regular file" >&2; exit 1; }',
  '{',
  `  f=$(stat -c '${FACTS}' - <&3) && printf '%s\\n' "$f" || exit 1`,
  '  set -- $f "$2" "$3"',
  '  [ "$8" -ge "$5" ] || exec dd bs=65536 iflag=skip_bytes,count_bytes skip="$8" count="$9" status=none <&3',
  '} 3<"$1"',
);

/**
 * Arguments: path, number of bytes, mode, uid, gid (`-`: as it is), a word for the temporary name. The bytes
 * come on the standard input; when fewer come, the connection was cut and nothing is changed.
 * A command substitution drops newlines at the end, which a name may have: hence the x.
 */
export const WRITE = script(
  ENGLISH,
  'count=$2 mode=$3 uid=$4 gid=$5 word=$6',
  'stop() { printf "%s\\n" "$1" >&2; exit 1; }',
  't=$(realpath -m -- "$1" && echo x) || exit 1',
  't=${t%?x}',
  'dir=${t%/*} name=${t##*/}; dir=${dir:-/}',
  '(umask 022; mkdir -p -- "$dir") || exit 1',
  'if [ -e "$t" ]; then',
  '  [ -f "$t" ] || stop "it is not a regular file"',
  '  old=$(stat -c \'%a %u %g\' -- "$t") || exit 1',
  'else old="600 - -"; fi',
  'set -- $old',
  '[ "$mode" != - ] || mode=$1; [ "$uid" != - ] || uid=$2; [ "$gid" != - ] || gid=$3',
  'umask 077',
  'tmp=$dir/.$name.peershift-$word',
  `trap 'rm -f -- "$tmp"' EXIT; trap 'exit 1' HUP INT TERM PIPE`,
  '(set -C; cat >"$tmp") || exit 1',
  'got=$(wc -c <"$tmp")',
  '[ "$got" -eq "$count" ] || stop "only $got of $count bytes arrived"',
  'set -- $(stat -c \'%u %g\' -- "$tmp")',
  '[ "$uid" != - ] || uid=$1; [ "$gid" != - ] || gid=$2',
  '[ "$uid $gid" = "$1 $2" ] || chown -- "$uid:$gid" "$tmp" || exit 1',
  'chmod -- "$mode" "$tmp" && sync -- "$tmp" && mv -T -f -- "$tmp" "$t" && sync -- "$dir"',
);

/** Argument: path. A file that is not there is removed already. */
export const REMOVE = script(
  ENGLISH,
  'if [ ! -e "$1" ] && [ ! -L "$1" ]; then',
  '  s=$(stat -c %f -- "$1" 2>&1) || { case $s in *"No such file or directory") exit 0 ;; esac; printf "%s\\n" "$s" >&2; exit 1; }',
  'fi',
  'rm -f -- "$1" || exit 1',
  'dir=${1%/*}; sync -- "${dir:-/}"',
);

/** Argument: process id. One line for each file: `ok` and its base64, or `no` and why. */
export const PROCESS = script(
  ENGLISH,
  'for f in stat status cmdline environ ../stat; do',
  '  if x=$(base64 -w0 "/proc/$1/$f" 2>&1); then printf "ok %s\\n" "$x"',
  '  else printf "no %s\\n" "${x##*: }"; fi',
  'done',
);

/** The command line of every process, each under a header with its path. */
export const COMMAND_LINES = script('tail -v -c +1 /proc/[0-9]*/cmdline 2>/dev/null || :');

/** Arguments: path, uid. Who we are and can read it; the user's groups; owners of it and of its folders. */
export const READABLE = script(
  ENGLISH,
  'p=$1',
  'printf "%s %s " "$(id -u)" "$(id -g)"; if [ -r "$p" ]; then echo yes; else echo no; fi',
  'groups=$(id -G "$2" 2>/dev/null) || groups=; printf "%s\\n" "$groups"',
  'r=$(realpath -- "$p" && echo x) || exit 1; r=${r%?x}',
  'set -- "$p"',
  'for d in "$p" "$r"; do',
  '  while [ -n "$d" ]; do d=${d%/*}; set -- "$@" "${d:-/}"; done',
  'done',
  'stat -L -c \'%f %u %g\' -- "$@"',
);

/** Arguments: name or address, `name` or `address`. First how it ended, then the kernel's answer. */
export const SOURCE_ADDRESS = script(
  ENGLISH,
  'PATH="${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin"',
  'a=$1',
  'if [ "$2" = name ]; then',
  '  command -v getent >/dev/null || { echo no-getent; exit 0; }',
  '  a=$(timeout 10 getent ahosts "$1") || { echo no-name; exit 0; }',
  '  a=${a%% *}',
  'fi',
  'command -v ip >/dev/null || { echo no-ip; exit 0; }',
  'if r=$(ip -o route get "$a" 2>&1); then echo route; else echo no-route; fi',
  'printf "%s\\n" "$r"',
);

/** Arguments: `passwd` or `group`, name. */
export const OWNER = script(
  'if command -v getent >/dev/null; then timeout 10 getent "$1" "$2"; else cat "/etc/$1"; fi',
  'exit 0',
);
