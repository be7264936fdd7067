/** Turns a missing etcd into a failure of each live test file, with the reason, at its start. */

const missing = process.env.PEERSHIFT_ETCD_MISSING;
if (missing !== undefined) throw new Error(`no etcd for the live suites: ${missing}`);
