/** The rules of this project that a linter can hold. */
export default {
  name: "handoff",
  rules: {
    // Every foreign function is declared in one place, which keeps errno right and knows what is open.
    "dlopen-in-one-file": {
      create(context): Deno.lint.LintVisitor {
        if (pathInProject(context) === "ffi/libc.ts") return {};
        return {
          MemberExpression(node): void {
            if (context.sourceCode.getText(node.object) !== "Deno") return;
            if (!/^["'`]?dlopen["'`]?$/.test(context.sourceCode.getText(node.property))) return;
            context.report({ node, message: "Only ffi/libc.ts opens a library" });
          },
        };
      },
    },
    // Unlinking or renaming the lockfile would let two processes hold "the lock", on two inodes. The tests do it, to see
    // what comes of it.
    "lockfile-stays": {
      create(context): Deno.lint.LintVisitor {
        if (pathInProject(context).startsWith("tests/")) return {};
        return {
          CallExpression(node): void {
            if (!REMOVAL.test(context.sourceCode.getText(node.callee))) return;
            if (!node.arguments.some((argument) => LOCKFILE.test(context.sourceCode.getText(argument)))) return;
            context.report({ node, message: "The lockfile is never unlinked, renamed or truncated" });
          },
        };
      },
    },
  },
} satisfies Deno.lint.Plugin;

const PROJECT = new URL("..", import.meta.url).pathname;
const REMOVAL = /(^|\.)(remove|rename|rm|truncate|unlink)(Sync)?$/;
const LOCKFILE = /lockfile|\.handoff\.lock/i;

function pathInProject({ filename }: Deno.lint.RuleContext): string {
  return filename.replace(PROJECT, "");
}
