import type { ClaimMutant } from "./claim_mutant.ts";

const ACQUIRE = "lock/held_lock.ts";
const LOSS_WATCH = "lock/loss.ts";
const TAKE = "lock/acquire.ts";
const WATCH = "lock/wait.ts";

/** Stops the thread in place of the procedure, for less than a wait lasts. */
const STANDSTILL = "step.value.waitSync?.() ?? Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);";

/** Each waits, looks, or lives beside its program, with a mistake that no torture finds, or not at once. */
export const WAITING_MUTANTS: readonly ClaimMutant[] = [
  {
    name: "opens libc when it is imported",
    edits: [{
      file: ACQUIRE,
      from: "export class HeldLock",
      to: 'openLibcFor("/");\nexport class HeldLock',
    }],
    test: "project/audit",
    claim: "importing the module asks for no file, library or environment variable",
    says: '-       permission: "ffi"',
    invariants: [10],
  },
  {
    name: "reads the environment when it is imported",
    edits: [{
      file: TAKE,
      from: "const MAX_REPLACEMENTS = 10;",
      to: 'const MAX_REPLACEMENTS = Deno.env.get("TRIES") ?? 10;',
    }],
    test: "lock/permissions",
    claim: "importing the module needs no permission at all",
    says: 'Requires env access to "TRIES"',
    invariants: [10],
  },
  {
    name: "keeps the event loop waiting",
    edits: [
      { file: "lock/sync_or_async.ts", from: "await step.value.wait();", to: STANDSTILL },
    ],
    test: "lock/wait_abort",
    claim: "a program that waits goes on with all else",
    says: "waiter.ts reported nothing for",
    invariants: [11],
    needs: ["linux"],
  },
  {
    name: "sleeps on when it is aborted",
    edits: [{ file: WATCH, from: 'signal?.addEventListener("abort", resolve as () => void);', to: "" }],
    test: "lock/wait_abort",
    claim: "acquire() that is aborted while it waits, is over before any timer",
    says: '+     reason: "stopped"',
    invariants: [11],
  },
  {
    name: "waits on when it is aborted",
    edits: [{ file: WATCH, from: "limits.signal?.throwIfAborted();", to: "" }],
    test: "lock/wait_abort",
    claim: "acquire() that is aborted by its onWait is over before any timer",
    says: '+     reason: "stopped"',
    invariants: [11],
  },
  {
    name: "watches on when it has given up",
    edits: [{ file: WATCH, from: "this.#watcher?.close();", to: "" }],
    test: "lock/wait_abort",
    claim: "an aborted acquire leaves no descriptor open and watches nothing",
    says: "-   1\n+   0",
    invariants: [11],
    needs: ["linux"],
  },
  {
    name: "only polls",
    edits: [{ file: WATCH, from: "this.#watcher = watch(this.#path);", to: "" }],
    test: "lock/wait_event",
    claim: "a release by another process wakes the waiter, without any polling",
    says: "Nobody was woken for",
    invariants: [12],
    needs: ["linux"],
  },
  {
    name: "watches the whole directory",
    edits: [{ file: WATCH, from: "Deno.watchFs(path, ", to: 'Deno.watchFs(path.slice(0, path.lastIndexOf("/")), ' }],
    test: "lock/wait_event",
    claim: "a directory that its holder writes to all the time does not wake the waiter",
    says: "+   1\n",
    invariants: [12],
    needs: ["linux"],
  },
  {
    name: "never polls",
    edits: [{ file: WATCH, from: "Math.min(this.#pause, longest, limits.left)", to: "2 ** 31 - 1" }],
    test: "lock/wait_event",
    claim: "a waiter gets the lock by polling where the runtime can watch no file",
    says: "Nobody got the lock by polling for",
    invariants: [12],
  },
  {
    name: "does not look when something happens to its lockfile",
    edits: [{ file: LOSS_WATCH, from: "watch(path, () => this.#onEvent())", to: "watch(path, () => {})" }],
    test: "lock/lost",
    claim: "an event tells, where no timer does, that the lockfile is deleted",
    says: "Nobody was told of the loss for",
    invariants: [13],
  },
  {
    name: "makes a lockfile to inspect",
    edits: [{
      file: "lock/inspect.ts",
      from: "if (file === undefined) return",
      to:
        "if (file === undefined) try { Lockfile.create(libc, dataDir)[Symbol.dispose](); } catch { /* may not */ }\n" +
        "  if (file === undefined) return",
    }],
    test: "lock/inspect",
    claim: "inspecting a directory that was never locked creates nothing and changes nothing",
    says: '-       ".handoff.lock"',
    invariants: [14],
  },
  {
    name: "takes an inspection for a writer",
    edits: [{ file: TAKE, from: "if (lockfile.hasWriter()) return false;", to: "return false;" }],
    test: "lock/readers",
    claim: "acquire() gets the lock that a reader gives back meanwhile, though it is not to wait",
    says: "its holder is unknown",
    invariants: [14],
  },
  {
    name: "leaves libc open",
    edits: [{ file: ACQUIRE, from: "resources.use(openLibcFor(dataDir))", to: "openLibcFor(dataDir)" }],
    test: "ffi/libc_lifetime",
    claim: "libc is closed after release()",
    says: "-     1,\n+     0,",
    invariants: [16],
  },
  {
    name: "closes libc under another lock",
    edits: [{ file: "ffi/libc.ts", from: "if (--shared.users > 0) return;", to: "" }],
    test: "ffi/libc_lifetime",
    claim: "libc stays open until the last of several locks is released",
    says: "-   0\n+   1",
    invariants: [16],
  },
  {
    name: "keeps its program alive to watch for its loss",
    edits: [{ file: LOSS_WATCH, from: "Deno.unrefTimer(this.#timer);", to: "" }],
    test: "lock/lost",
    claim: "watching for the loss keeps no program from ending, after 0 events of the lockfile",
    says: "The program did not end for",
    invariants: [16],
  },
  {
    name: "keeps a descriptor of which the runtime knows nothing",
    edits: [
      {
        file: ACQUIRE,
        from: "    lock.#releaseOnUnload();",
        to: "    lock.#releaseOnUnload(); lock.shareWithChildren();",
      },
    ],
    test: "lock/worker",
    claim: "the lock is free after the worker that holds it was terminated",
    says: "it is held by this very process",
    invariants: [8],
  },
  {
    name: "waits twice as long as it is to",
    edits: [{
      file: WATCH,
      from: "this.#start + this.#timeout - performance",
      to: "this.#start + 2 * this.#timeout - performance",
    }],
    test: "lock/wait_timeout",
    claim: "acquire() gives up as soon as the time is up, and not before",
    says: "-   20014",
    invariants: [11],
  },
  {
    name: "keeps its program alive from the start of its watch",
    edits: [{ file: LOSS_WATCH, from: "      this.#watcher.unref();\n", to: "" }],
    test: "lock/lost",
    claim: "watching for the loss keeps no program from ending, by its start alone",
    says: "The program did not end for",
    invariants: [16],
  },
  {
    name: "keeps its program alive from the first event on",
    edits: [{ file: LOSS_WATCH, from: "queueMicrotask(() => this.#watcher?.unref());", to: "" }],
    test: "lock/lost",
    claim: "watching for the loss keeps no program from ending, by its events alone",
    says: "The program did not end for",
    invariants: [16],
  },
  {
    name: "keeps its program alive where an event is late",
    edits: [{ file: LOSS_WATCH, from: "      this.#watcher?.unref();\n", to: "" }],
    test: "lock/lost",
    claim: "watching for the loss keeps no program from ending, by its timer alone",
    says: "The program did not end for",
    invariants: [16],
  },
];
