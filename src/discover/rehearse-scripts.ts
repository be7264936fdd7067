/** The two ends of a throw-away handshake as POSIX sh with openssl and timeout, and their folder on a host. */

/** A host that is slow to start openssl and a network that loses a packet or two still fit. */
export const HANDSHAKE_SECONDS = 12;
/** After this a folder that we could not remove any more removes itself. */
const FOLDER_SECONDS = 180;

/**
 * Makes a folder that only its owner can enter and prints its path; a process of its own removes it later
 * when nobody else does.
 */
export const MAKE_FOLDER = `
umask 077
folder=$(mktemp -d "\${TMPDIR:-/tmp}/peershift-rehearsal.XXXXXX") || exit 2
detach=nohup
command -v setsid >/dev/null 2>&1 && detach=setsid
"$detach" sh -c 'sleep ${String(FOLDER_SECONDS)}; rm -rf -- "$1"' sh "$folder" >/dev/null 2>&1 </dev/null &
echo $! >"$folder/guard"
printf '%s\\n' "$folder"
`;

/** Word: the folder. Ends the process that watches it, and takes it away. */
export const REMOVE_FOLDER = `
case $1 in */peershift-rehearsal.*) ;; *) exit 2 ;; esac
guard=$(cat "$1/guard" 2>/dev/null)
rm -rf -- "$1"
[ -n "$guard" ] && { kill -- "-$guard" || kill "$guard"; } 2>/dev/null
:
`;

/**
 * Words: folder, accept address, port in hex, certificate, key, CA, the word to wait for, names to look up.
 * Listens once, answers the word, and prints the peer's address as the kernel has it.
 */
export const LISTEN = `
folder=$1 accept=$2 port=$3 cert=$4 key=$5 ca=$6 word=$7
shift 7
own="$folder/$word-server"
umask 077
mkdir "$own" && mkfifo "$own/in" || exit 2
exec 3<>"$own/in"
timeout -k 1 ${String(HANDSHAKE_SECONDS)} openssl s_server -accept "$accept" -naccept 1 -quiet -cert "$cert" -key "$key" \\
  -CAfile "$ca" -Verify 5 -verify_return_error <&3 >"$own/out" 2>"$own/err" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf -- "$own"' EXIT
trap 'exit 1' HUP INT TERM
tries=0 peer='' answered=''
while [ "$tries" -lt ${String(HANDSHAKE_SECONDS * 10)} ] && kill -0 "$server" 2>/dev/null; do
  found=$(sed -n "s/^ *[0-9]*: [0-9A-F]*:$port \\([0-9A-F]*\\):[0-9A-F]* 0[13-9B] .*/\\1/p" \\
    /proc/net/tcp /proc/net/tcp6 2>/dev/null | head -n 1)
  [ -n "$found" ] && peer=$found
  # Before it is answered the connection stays: a kernel that shows it late is looked at again.
  if grep -q "$word" "$own/out" 2>/dev/null && { [ -n "$peer" ] || [ "$tries" -gt ${String(HANDSHAKE_SECONDS * 5)} ]; }; then
    printf 'answer-%s\\n' "$word" >&3
    answered=yes
    break
  fi
  tries=$((tries + 1))
  sleep 0.1 2>/dev/null || sleep 1
done
[ -n "$answered" ] && { sleep 0.3 2>/dev/null || sleep 1; }
printf 'peer %s\\n' "$peer"
printf 'answered %s\\n' "$answered"
sed 's/^/said /' "$own/err"
for name; do
  getent ahosts "$name" 2>/dev/null | sed "s/^\\([^ ]*\\).*/name $name \\1/" | sort -u
done
`;

/** Word: an address. The names that the host's resolver has for it. */
export const NAMES_OF = `getent hosts "$1" 2>/dev/null`;

/**
 * Words: folder, URL's host and port for openssl, -verify_ip or -verify_hostname, the name to verify,
 * certificate, key, CA, the word to send. Dials again while nobody listens yet.
 */
export const DIAL = `
folder=$1 target=$2 kind=$3 host=$4 cert=$5 key=$6 ca=$7 word=$8
own="$folder/$word-client"
umask 077
mkdir "$own" && mkfifo "$own/in" || exit 2
exec 3<>"$own/in"
client=
trap '[ -n "$client" ] && kill "$client" 2>/dev/null; rm -rf -- "$own"' EXIT
trap 'exit 1' HUP INT TERM
printf '%s\\n' "$word" >&3
tries=0
while [ "$tries" -lt ${String(HANDSHAKE_SECONDS * 5)} ]; do
  timeout -k 1 ${String(HANDSHAKE_SECONDS)} openssl s_client -connect "$target" -quiet -cert "$cert" -key "$key" -CAfile "$ca" \\
    -verify 5 -verify_return_error "$kind" "$host" <&3 >"$own/out" 2>"$own/err" &
  client=$!
  while kill -0 "$client" 2>/dev/null && [ "$tries" -lt ${String(HANDSHAKE_SECONDS * 5)} ]; do
    grep -q "answer-$word" "$own/out" 2>/dev/null && break 2
    tries=$((tries + 1))
    sleep 0.2 2>/dev/null || sleep 1
  done
  grep -qi 'refused' "$own/err" 2>/dev/null || break
  tries=$((tries + 1))
  sleep 0.2 2>/dev/null || sleep 1
done
sed 's/^/got /' "$own/out"
sed 's/^/said /' "$own/err"
`;
