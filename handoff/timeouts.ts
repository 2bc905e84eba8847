/**
 * Every time-out and limit of the handoff, in milliseconds unless the name says otherwise. Those of the wire are the Rust
 * crate's: a peer of its kind counts on them.
 */

// The wire, as the Rust crate `beyond-handoff` has it.

/** For how long a peer may be silent while it is waited for; each frame, heartbeats included, starts it anew. */
export const SILENCE_MS = 10_000;
/** How often a peer that works without a word sends a heartbeat. */
export const HEARTBEAT_INTERVAL_MS = 2_000;
/** The shortest time-out of a read, and the least that a deadline on the wire says is left. */
export const LEAST_READ_MS = 100;
/** For a Hello of the incumbent, and for each HelloAck. */
export const HELLO_MS = 5_000;
/** For a frame to be written whole. */
export const WRITE_MS = 10_000;
/** For an incumbent to take its lock again after a session that ended while it was sealed. */
export const RELOCK_MS = 2_000;
/** How often it tries meanwhile. */
export const RELOCK_POLL_MS = 25;
/** For the frame that a supervisor reads to see who is there after an interrupted handoff. */
export const PROBE_MS = 2_000;
/** A whole handoff, by default. */
export const DEADLINE_MS = 300_000;
/** A drain, by default. */
export const DRAIN_GRACE_MS = 60_000;
/** What the crate's supervisor takes for `deadline_secs` where its configuration does not say. */
export const CONFIG_DEADLINE_MS = 60_000;
/** What it takes for `drain_grace_secs`. */
export const CONFIG_DRAIN_GRACE_MS = 25_000;

// A swap between daemons of this module.

/** For a successor's acquire after Begin: a holder that was killed may still be on its way out. */
export const ACQUIRE_AFTER_BEGIN_MS = 2_000;
/** For the successor to acknowledge the connections that were passed to it. */
export const ADOPTION_MS = 5_000;
/** For a handler whose request was aborted at the end of the drain. */
export const ABORTED_FETCH_MS = 1_000;
/** For a replaced incumbent to exit, by default (`exit_grace_secs`). */
export const EXIT_GRACE_MS = 10_000;
/** From SIGTERM to SIGKILL after that. */
export const TERM_TO_KILL_MS = 5_000;
/** For a daemon under a supervisor to wait for the lock when it starts. */
export const COLD_LOCK_MS = 10_000;

// The supervisor.

/** For a daemon that is to be adopted to answer on its control socket. */
export const ADOPT_MS = 5_000;
/** The first pause before a crashed daemon is started again; it doubles from crash to crash. */
export const FIRST_BACKOFF_MS = 100;
/** The longest one. */
export const LONGEST_BACKOFF_MS = 30_000;
/** After so long a service a command is good, and its crashes are counted anew. */
export const GOOD_SERVICE_MS = 10_000;
/** How many deaths in a row end the supervisor, by default (`max_restarts`). */
export const MAX_RESTARTS = 8;
/** The same signal twice within this time is one. */
export const SAME_SIGNAL_MS = 1_000;
/** From the signal to stop to SIGKILL, by default (`stop_timeout_secs`). */
export const STOP_MS = 30_000;

// Those who ask.

/** For the line of a command on the trigger socket, and for each answer to be taken. */
export const TRIGGER_MS = 10_000;
/** The longest such line, in bytes. */
export const TRIGGER_LINE_BYTES = 4_096;
/** For `status` to be answered by a supervisor. */
export const STATUS_MS = 1_000;
/** For a socket whose queue of connections is full to take one more. */
export const CONNECT_MS = 5_000;

/** How many connections may wait to be accepted; the kernel caps it at `net.core.somaxconn`. */
export const BACKLOG = 4_096;
/** `SO_RCVTIMEO` of a listener while it accepts: a peer that clears `O_NONBLOCK` then costs this, not the event loop. */
export const ACCEPT_TIMEOUT_MS = 1;

/** The longest deadline of an upgrade: a timer cannot wait for longer. It is 24 days. */
export const LONGEST_DEADLINE_MS = 2 ** 31 - 1;
