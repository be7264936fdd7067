/** Turns a command into one that can be found in the process list when we died while it ran. */

/** `exit $?` keeps the shell from replacing itself by the last command, which would lose the marker. */
const MARKED_SCRIPT = '"$@"; exit $?';

/** The command as it is started: with a marker it stands in the process list as `$0` of a shell. */
export function markedArgv(argv: readonly string[], marker: string | undefined): readonly string[] {
  return marker === undefined ? argv : ['sh', '-c', MARKED_SCRIPT, marker, ...argv];
}

/** Is this the command line of a shell that `markedArgv` made with the marker? */
export function carriesMarker(argv: readonly string[], marker: string): boolean {
  return argv[1] === '-c' && argv[2] === MARKED_SCRIPT && argv[3] === marker;
}
