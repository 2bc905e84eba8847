/**
 * A prefix for programs that might wait for ever, such as for the other end of a FIFO: far more time than they need, and
 * then SIGKILL, so that the test fails in place of hanging as well.
 */
export const WITHOUT_HANGING = ["timeout", "--signal=KILL", "30"] as const;
