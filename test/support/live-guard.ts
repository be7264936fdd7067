/** Turns a missing etcd into a failure of each live test file, with the reason, before it starts. */

const missing = process.env.PEERSHIFT_ETCD_MISSING;
if (missing !== undefined) throw new Error(`no etcd for the live suites: ${missing}`);
