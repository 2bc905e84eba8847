/** What a daemon is started with beside its command line. */
export interface ChildSetting {
  /** The supervisor's own environment. */
  readonly own: Readonly<Record<string, string>>;
  /** What the configuration adds to it. */
  readonly configured: Readonly<Record<string, string>>;
  /** What identifies its build, where that is named. */
  readonly buildId?: string | undefined;
  /** The names of the listeners, in the order of their descriptors. */
  readonly listeners: readonly string[];
  readonly controlSocket: string;
  /** Whether it is to take over from a daemon that serves. */
  readonly successor: boolean;
}

/** The number of the first descriptor that is passed to a daemon. */
export const FIRST_DESCRIPTOR = 3;

/** Where a successor finds its control channel, and its supervisor's standard error. */
export function successorDescriptors(listeners: number): { readonly control: number; readonly stderr: number } {
  return { control: FIRST_DESCRIPTOR + listeners, stderr: FIRST_DESCRIPTOR + listeners + 1 };
}

/** The whole environment of a daemon. What it is told of the handoff cannot be overridden, and none of ours leaks. */
export function childEnvironment(setting: ChildSetting): Record<string, string> {
  const { own, configured, buildId, listeners, controlSocket, successor } = setting;
  const env: Record<string, string> = {
    ...withoutOurs(own),
    ...configured,
    HANDOFF_CONTROL_SOCKET: controlSocket,
    ...buildId !== undefined && { HANDOFF_BUILD_ID: buildId },
  };
  if (successor) {
    const { control, stderr } = successorDescriptors(listeners.length);
    Object.assign(env, {
      HANDOFF_ROLE: "successor",
      HANDOFF_SOCK_FD: `${control}`,
      HANDOFF_STDERR_FD: `${stderr}`,
    });
  }
  return Object.assign(env, { LISTEN_FDS: `${listeners.length}`, LISTEN_FDNAMES: listeners.join(":") });
}

/** What systemd and another supervisor said to this process is not for its children. */
const OURS = /^(HANDOFF_|LISTEN_|WATCHDOG_|NOTIFY_SOCKET$)/;

function withoutOurs(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OURS.test(name)));
}
