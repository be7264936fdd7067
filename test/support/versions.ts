/** Turns a wish from the environment into how many builds of etcd a live story is told on. */

/** With EVERY_VERSION=1 a story is told on each of its versions; else on one, for the sake of the minutes. */
export const TELLS_EVERY_VERSION = process.env['EVERY_VERSION'] === '1';
