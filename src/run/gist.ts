/** Turns what is waited for into the part that is worth a line of its own: figures that merely grow are left out. */

/** Two texts of one gist differ in numbers alone. */
export function gistOf(waitsFor: string): string {
  return waitsFor.replaceAll(/\d+(?:\.\d+)?(?: min \d+ s| ms| s)?/g, '#');
}
